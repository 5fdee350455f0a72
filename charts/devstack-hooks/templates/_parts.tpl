{{/* The hooks in their order: a section of the values, and the lists in it whose items have outputs. */}}
{{- define "devstack-hooks.known" -}}
- { section: database, things: [databases] }
- { section: kafka, things: [topics, consumerGroups] }
- { section: sqs, things: [queues] }
- { section: sns, things: [topics] }
{{- end }}

{{/* Those that have a section, as a JSON list of their words. */}}
{{- define "devstack-hooks.enabled" -}}
{{- $enabled := list }}
{{- range include "devstack-hooks.known" . | fromYamlArray }}
{{- if get $.Values .section }}{{ $enabled = append $enabled .section }}{{ end }}
{{- end }}
{{- if not $enabled }}{{ fail "no hook has a section: give at least one, such as sqs" }}{{ end }}
{{- toJson $enabled }}
{{- end }}

{{/*
The objects that outputs go to, as JSON: the only ones that the hooks may read, change and delete. What is
not of its shape is passed over here: the hook says what is wrong with it, and where.
*/}}
{{- define "devstack-hooks.targets" -}}
{{- $secrets := list }}
{{- $configMaps := list }}
{{- range $known := include "devstack-hooks.known" . | fromYamlArray }}
{{- range $list := $known.things }}
{{- $things := get (get $.Values $known.section | default dict) $list }}
{{- range $thing := kindIs "slice" $things | ternary $things list }}
{{- $outputs := kindIs "map" $thing | ternary $thing dict | dig "outputs" list }}
{{- range $output := kindIs "slice" $outputs | ternary $outputs list }}
{{- if kindIs "map" $output }}
{{- with $output.secret }}{{ $secrets = append $secrets . }}{{ end }}
{{- with $output.configMap }}{{ $configMaps = append $configMaps . }}{{ end }}
{{- end }}
{{- end }}
{{- end }}
{{- end }}
{{- end }}
{{- dict "secrets" (uniq $secrets) "configmaps" (uniq $configMaps) | toJson }}
{{- end }}

{{/* What the Jobs need is called so; a release has at most 53 characters. */}}
{{- define "devstack-hooks.name" -}}
{{ .Release.Name }}-devstack-hooks
{{- end }}

{{- define "devstack-hooks.labels" -}}
app.kubernetes.io/name: devstack-hooks
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
{{- if not .Values.base }}
devstack.dev/feature: {{ .Values.feature | quote }}
{{- end }}
{{- end }}

{{/* What the Jobs need comes before them in every phase, and goes when they are done. */}}
{{- define "devstack-hooks.needed" -}}
helm.sh/hook: pre-install,pre-upgrade,pre-rollback,post-delete
helm.sh/hook-weight: "-20"
helm.sh/hook-delete-policy: before-hook-creation,hook-succeeded
{{- end }}

{{/* Seconds that all hooks together may take. */}}
{{- define "devstack-hooks.seconds" -}}
{{- $count := trimSuffix "s" .Values.timeout | trimSuffix "m" | int }}
{{- hasSuffix "m" .Values.timeout | ternary (mul 60 $count) $count }}
{{- end }}
