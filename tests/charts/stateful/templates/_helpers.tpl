{{- define "stateful.name" -}}
{{ printf "%s-store" .Release.Name | trunc 63 | trimSuffix "-" }}
{{- end }}

{{- define "stateful.matchLabels" -}}
app.kubernetes.io/name: store
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "stateful.labels" -}}
helm.sh/chart: {{ .Chart.Name }}-{{ .Chart.Version }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
{{ include "stateful.matchLabels" . }}
{{- end }}
