"""Write src/hulk_client anew from the contracts in proto/: `tools/proto.py [--check|--release]`.

    --check    only tell what is not up to date, and what would break who uses the contract as it was released (proto/released.binpb)
    --release  keep the contract as it is now as the released one; refused when that would break anybody

`released.binpb` is a FileDescriptorSet, as `protoc --descriptor_set_out` writes it: `buf breaking --against` reads it too.
"""

import sys
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from google.protobuf.descriptor_pb2 import (
    DescriptorProto,
    EnumDescriptorProto,
    FieldDescriptorProto,
    FileDescriptorProto,
    FileDescriptorSet,
    MethodDescriptorProto,
    ServiceDescriptorProto,
)

ROOT = Path(__file__).parents[1]
RELEASED = ROOT / "proto/released.binpb"
CONTRACTS = ("tickets/v1/tickets.proto",)
"""Under proto/hulk; in Python they are found under hulk_client."""


# What would break somebody ----------------------------------------------------------------------------------------------------


def breaks(before: FileDescriptorProto, after: FileDescriptorProto) -> Iterator[str]:
    """What of `after` breaks a program that was built with `before`: on the wire, in JSON, or in generated code."""
    if before.package != after.package:
        yield f"the package {before.package} became {after.package}"
    yield from _of_messages("", before.message_type, after.message_type)
    yield from _of_enums("", before.enum_type, after.enum_type)
    there = _named(after.service)
    for service in before.service:
        if service.name in there:
            yield from _of_service(service, there[service.name])
        else:
            yield f"the service {service.name} is gone"


def _of_messages(where: str, before: Iterable[DescriptorProto], after: Iterable[DescriptorProto]) -> Iterator[str]:
    there = _named(after)
    for message in before:
        name = where + message.name
        if message.name not in there:
            yield f"the message {name} is gone"
            continue
        now = there[message.name]
        yield from _of_fields(name, message, now)
        yield from _of_reserved(name, message, now)
        yield from _of_messages(f"{name}.", message.nested_type, now.nested_type)
        yield from _of_enums(f"{name}.", message.enum_type, now.enum_type)


def _of_fields(where: str, before: DescriptorProto, after: DescriptorProto) -> Iterator[str]:
    there = {field.number: field for field in after.field}
    for field in before.field:
        name = f"{where}.{field.name} = {field.number}"
        if field.number not in there:
            yield f"the field {name} is gone"
            continue
        now = there[field.number]
        changes = zip(_shape(field, before), _shape(now, after), strict=True)
        yield from (f"the field {name}: its {what} {was} became {is_}" for (what, was), (_, is_) in changes if was != is_)


def _shape(field: FieldDescriptorProto, message: DescriptorProto) -> list[tuple[str, Any]]:
    """All of a field that others rely on."""
    oneof = message.oneof_decl[field.oneof_index].name if field.HasField("oneof_index") and not field.proto3_optional else "none"
    return [
        ("name", field.name), ("JSON name", field.json_name), ("type", FieldDescriptorProto.Type.Name(field.type)),
        ("type's name", field.type_name), ("label", FieldDescriptorProto.Label.Name(field.label)), ("oneof", oneof),
        ("presence", field.proto3_optional),
    ]  # fmt: skip


def _of_reserved(where: str, before: DescriptorProto, after: DescriptorProto) -> Iterator[str]:
    kept = {number for one in after.reserved_range for number in range(one.start, one.end)}
    for one in before.reserved_range:
        yield from (f"{where}: the number {number} is not reserved any more" for number in range(one.start, one.end) if number not in kept)
    yield from (f"{where}: the name {name} is not reserved any more" for name in before.reserved_name if name not in after.reserved_name)


def _of_enums(where: str, before: Iterable[EnumDescriptorProto], after: Iterable[EnumDescriptorProto]) -> Iterator[str]:
    there = _named(after)
    for enum in before:
        name = where + enum.name
        if enum.name not in there:
            yield f"the enum {name} is gone"
            continue
        values = {value.name: value.number for value in there[enum.name].value}
        for value in enum.value:
            if values.get(value.name) != value.number:
                yield f"the value {name}.{value.name} = {value.number} is gone, or has another number"


def _of_service(before: ServiceDescriptorProto, after: ServiceDescriptorProto) -> Iterator[str]:
    there = _named(after.method)
    for method in before.method:
        name = f"{before.name}.{method.name}"
        if method.name not in there:
            yield f"the call {name} is gone"
            continue
        changes = zip(_calling(method), _calling(there[method.name]), strict=True)
        yield from (f"the call {name}: its {what} {was} became {is_}" for (what, was), (_, is_) in changes if was != is_)


def _calling(method: MethodDescriptorProto) -> list[tuple[str, Any]]:
    return [
        ("request", method.input_type), ("answer", method.output_type), ("streaming of requests", method.client_streaming),
        ("streaming of answers", method.server_streaming),
    ]  # fmt: skip


def _named(these: Iterable[Any]) -> dict[str, Any]:
    return {one.name: one for one in these}


def broken(before: FileDescriptorSet, after: FileDescriptorSet) -> list[str]:
    """What breaks between two sets of files, by the name of the package."""
    there = {file.package: file for file in after.file}
    found = []
    for file in before.file:
        now = there.get(file.package)
        found += [f"{file.package}: {what}" for what in breaks(file, now)] if now else [f"the package {file.package} is gone"]
    return found


# What protoc makes of it ------------------------------------------------------------------------------------------------------


def protoc(*options: str) -> None:
    """Run protoc over the contracts; raises `SystemExit` when it finds fault with one."""
    from grpc_tools import protoc as tool  # the compiler: a library of 10 MB, not for who only imports `breaks`

    wanted = [f"hulk_client/{one}" for one in CONTRACTS]
    includes = [f"-Ihulk_client={ROOT / 'proto/hulk'}", f"-I{Path(str(tool.__file__)).parent / '_proto'}"]
    if code := tool.main(["protoc", *includes, *options, *wanted]):
        sys.exit(int(code))


def made() -> Mapping[Path, str]:
    """What stands in each generated file."""
    with tempfile.TemporaryDirectory() as folder:
        protoc(*(f"--{kind}_out={folder}" for kind in ("python", "pyi", "grpc_python")))
        return {ROOT / "src" / file.relative_to(folder): file.read_text("utf-8") for file in sorted(Path(folder).rglob("*.py*"))}


def described() -> FileDescriptorSet:
    """The contracts as they are now."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "set.binpb"
        protoc(f"--descriptor_set_out={file}")
        return FileDescriptorSet.FromString(file.read_bytes())


def released() -> FileDescriptorSet:
    """The contracts as others know them."""
    return FileDescriptorSet.FromString(RELEASED.read_bytes() if RELEASED.is_file() else b"")


def main(arguments: Sequence[str]) -> int:
    """Write what is generated; tell of what is stale or broken. Gives the exit code."""
    wrong = broken(released(), described())
    for what in wrong:
        sys.stderr.write(f"This breaks who uses the contract as it was released: {what}. Make a v2, or leave it.\n")
    stale = {path: text for path, text in made().items() if not path.is_file() or path.read_text("utf-8") != text}
    if list(arguments) == ["--check"]:
        sys.stderr.writelines(f"{path.relative_to(ROOT)} is not what the contract says: run `make proto`.\n" for path in stale)
        return int(bool(stale or wrong))
    for path, text in stale.items():
        path.write_text(text, "utf-8")
    if list(arguments) == ["--release"] and not wrong:
        RELEASED.write_bytes(described().SerializeToString(deterministic=True))
    return int(bool(wrong))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
