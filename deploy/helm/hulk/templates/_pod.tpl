{{- /* What all objects have in common. */}}
{{- define "hulk.name" -}}
{{ .Release.Name | trunc 50 | trimSuffix "-" }}
{{- end }}

{{- define "hulk.selector" -}}
app.kubernetes.io/name: hulk
app.kubernetes.io/instance: {{ .root.Release.Name }}
app.kubernetes.io/component: {{ .component }}
{{- end }}

{{- define "hulk.labels" -}}
{{ include "hulk.selector" . }}
app.kubernetes.io/version: {{ .root.Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .root.Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .root.Chart.Name .root.Chart.Version }}
{{- end }}

{{- define "hulk.secret" -}}
valueFrom: {secretKeyRef: {name: {{ .name | quote }}, key: {{ .key | quote }}}}
{{- end }}

{{- /* The pod of `hulk up` and of `hulk worker`: the same but for what is called, the queues and the resources. */}}
{{- define "hulk.pod" -}}
{{- $ := .root }}
metadata:
  labels: {{- include "hulk.labels" . | nindent 4 }}
  annotations:
    checksum/settings: {{ toJson $.Values.settings | sha256sum }}
spec:
  automountServiceAccountToken: false
  enableServiceLinks: false
  terminationGracePeriodSeconds: {{ $.Values.terminationGracePeriodSeconds }}
  securityContext:
    runAsNonRoot: true
    runAsUser: 10001
    runAsGroup: 10001
    fsGroup: 10001
    fsGroupChangePolicy: OnRootMismatch
    seccompProfile: {type: RuntimeDefault}
  {{- with $.Values.imagePullSecrets }}
  imagePullSecrets: {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with .own.nodeSelector }}
  nodeSelector: {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with .own.tolerations }}
  tolerations: {{- toYaml . | nindent 4 }}
  {{- end }}
  topologySpreadConstraints:
    - maxSkew: 1
      topologyKey: kubernetes.io/hostname
      whenUnsatisfiable: ScheduleAnyway
      labelSelector:
        matchLabels: {{- include "hulk.selector" . | nindent 10 }}
  containers:
    - name: hulk
      image: {{ if $.Values.image.digest }}{{ $.Values.image.repository }}@{{ $.Values.image.digest }}{{ else }}{{ $.Values.image.repository }}:{{ $.Values.image.tag | default $.Chart.AppVersion }}{{ end }}
      imagePullPolicy: {{ $.Values.image.pullPolicy }}
      args: {{- toJson (concat (list .command "--config" "/etc/hulk/hulk.yaml" "--data" "/var/lib/hulk" "--host" "0.0.0.0" "--port" "8080")) | nindent 8 }}
      ports:
        - {name: http, containerPort: 8080}
        {{- if .grpc }}
        - {name: grpc, containerPort: 50052}
        {{- end }}
      env:
        - name: HULK_STORE__URL
          {{- include "hulk.secret" $.Values.store.urlSecret | nindent 10 }}
        - name: HULK_NATS__PASS
          {{- include "hulk.secret" $.Values.nats.passwordSecret | nindent 10 }}
        - name: HULK_AUDIT__KEY
          {{- include "hulk.secret" $.Values.audit.keySecret | nindent 10 }}
        - name: HULK_ENGINE__QUEUES
          value: {{ toJson .own.queues | quote }}
        {{- with .own.slots }}
        - name: HULK_ENGINE__WORKERS
          value: {{ . | quote }}
        {{- end }}
        {{- with $.Values.env }}
        {{- toYaml . | nindent 8 }}
        {{- end }}
      startupProbe: {httpGet: {path: /health, port: http}, periodSeconds: 2, failureThreshold: 60}
      livenessProbe: {httpGet: {path: /health, port: http}, periodSeconds: 10, timeoutSeconds: 5, failureThreshold: 6}
      readinessProbe: {httpGet: {path: {{ .readiness }}, port: http}, periodSeconds: 5, timeoutSeconds: 5}
      resources: {{- toYaml .own.resources | nindent 8 }}
      securityContext:
        allowPrivilegeEscalation: false
        readOnlyRootFilesystem: true
        capabilities: {drop: [ALL]}
      volumeMounts:
        - {name: settings, mountPath: /etc/hulk, readOnly: true}
        - {name: data, mountPath: /var/lib/hulk}
        - {name: blobs, mountPath: /var/lib/hulk-blobs}
        - {name: tmp, mountPath: /tmp}
        {{- if and .grpc $.Values.grpc.tlsSecret }}
        - {name: grpc-tls, mountPath: /etc/hulk-grpc, readOnly: true}
        {{- end }}
        {{- if $.Values.nats.tlsSecret }}
        - {name: nats-tls, mountPath: /etc/hulk-nats, readOnly: true}
        {{- end }}
        {{- if $.Values.skillsConfigMap }}
        - {name: skills, mountPath: /etc/hulk-skills, readOnly: true}
        {{- end }}
  volumes:
    - name: settings
      configMap: {name: {{ include "hulk.name" $ }}}
    - name: data
      emptyDir: {}
    - name: blobs
      persistentVolumeClaim: {claimName: {{ $.Values.blobs.existingClaim | default (printf "%s-blobs" (include "hulk.name" $)) }}}
    - name: tmp
      emptyDir: {}
    {{- if and .grpc $.Values.grpc.tlsSecret }}
    - name: grpc-tls
      secret: {secretName: {{ $.Values.grpc.tlsSecret }}, defaultMode: 0440}
    {{- end }}
    {{- with $.Values.nats.tlsSecret }}
    - name: nats-tls
      secret: {secretName: {{ . }}, defaultMode: 0440}
    {{- end }}
    {{- with $.Values.skillsConfigMap }}
    - name: skills
      configMap: {name: {{ . }}}
    {{- end }}
{{- end }}
