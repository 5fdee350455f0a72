{{/* Not longer than 26 characters: the operator adds its own to it, and 63 are allowed. */}}
{{- define "cut-names.fullname" -}}
{{- printf "%s-%s" .Release.Name "stack" | trunc 26 | trimSuffix "-" -}}
{{- end }}

{{- define "cut-names.labels" -}}
app.kubernetes.io/name: stack
app.kubernetes.io/instance: {{ .Release.Name | quote }}
heritage: {{ $.Release.Service | quote }}
{{- end }}
