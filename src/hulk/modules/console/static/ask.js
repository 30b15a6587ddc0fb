// The box in which one asks: files go ahead of the question, each with how far it is; the question waits for them.
"use strict";

(() => {
  const form = document.getElementById("ask"), chooser = document.getElementById("files"), list = form.querySelector(".sent");
  const kept = form.elements.namedItem("sources"), send = document.getElementById("send");
  const sources = JSON.parse(kept.value || "[]");
  let under = 0;
  const said = (words, name) => form.dataset[words].replace("{name}", name);
  const settle = () => { kept.value = JSON.stringify(sources); send.disabled = under > 0; };

  function removable(item, source, name) {
    const drop = document.createElement("button");
    drop.type = "button"; drop.className = "quiet"; drop.textContent = "×"; drop.setAttribute("aria-label", said("drop", name));
    drop.onclick = () => { const at = sources.indexOf(source); if (at >= 0) sources.splice(at, 1); item.remove(); settle(); chooser.focus(); };
    item.append(drop);
  }

  function upload(file) {
    const item = document.createElement("li"), words = document.createElement("span"), bar = document.createElement("progress");
    words.textContent = said("sending", file.name); bar.max = file.size || 1; bar.value = 0; bar.setAttribute("aria-label", file.name);
    item.append(words, bar); list.append(item); under += 1; settle();
    const request = new XMLHttpRequest();
    request.open("POST", "/v1/files");
    request.setRequestHeader("content-type", "application/octet-stream");
    request.setRequestHeader("accept-language", document.documentElement.lang);
    request.upload.onprogress = (event) => { bar.value = event.loaded; };
    request.onloadend = () => {
      under -= 1; bar.remove();
      let answer = {};
      try { answer = JSON.parse(request.responseText); } catch { answer = {}; }
      if (request.status === 201 && answer.blob) {
        const source = { kind: "file", blob: answer.blob, name: file.name.slice(0, 255) };
        sources.push(source); words.textContent = said("sent", file.name); removable(item, source, file.name);
      } else {
        item.className = "problem"; item.setAttribute("role", "alert");
        words.textContent = `${said("failed", file.name)} ${answer.detail || ""}`; removable(item, null, file.name);
      }
      settle();
    };
    request.send(file);
  }

  [...list.children].forEach((item, place) => removable(item, sources[place], item.textContent.trim()));
  const take = () => { [...chooser.files].forEach(upload); chooser.value = ""; };
  chooser.addEventListener("change", take);
  take(); // what was chosen before this was loaded
  form.addEventListener("dragover", (event) => event.preventDefault());
  form.addEventListener("drop", (event) => { event.preventDefault(); [...event.dataTransfer.files].forEach(upload); });
  form.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey) && !send.disabled) { event.preventDefault(); form.requestSubmit(send); }
  });
  settle();
})();
