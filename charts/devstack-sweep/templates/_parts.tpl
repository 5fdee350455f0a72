{{/* What everything is called; a release has at most 53 characters. */}}
{{- define "devstack-sweep.name" -}}
{{ .Release.Name }}
{{- end }}

{{/* What it is called in other namespaces, and where there are none: it is not the only one there. */}}
{{- define "devstack-sweep.placed" -}}
{{ .Release.Namespace }}.{{ .Release.Name }}
{{- end }}

{{- define "devstack-sweep.labels" -}}
app.kubernetes.io/name: devstack-sweep
app.kubernetes.io/instance: {{ quote .Release.Name }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
{{- end }}

{{/* Seconds that a run may take. */}}
{{- define "devstack-sweep.seconds" -}}
{{- $count := trimSuffix "s" .Values.timeout | trimSuffix "m" | int }}
{{- hasSuffix "m" .Values.timeout | ternary (mul 60 $count) $count }}
{{- end }}
