{{/* The hooks in their order: a section of the values, and the lists in it whose items have outputs. */}}
{{- define "devstack-hooks.known" -}}
- { section: secret, things: [secrets] }
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

{{/*
What secret-hook needs of Secrets, as JSON, by namespace: the names that it makes, those that it reads, and whether it
has to look at all of them, to find what the values asked for before (prune) and what bears a hash in its name.
*/}}
{{- define "devstack-hooks.cloned" -}}
{{- $section := .Values.secret | default dict }}
{{- /* Who has a kubeconfig for another cluster has the rights of that. */}}
{{- if get $section "kubeconfig" }}{{ $section = dict "prune" false }}{{ end }}
{{- $prunes := and (ne (toString (get $section "prune")) "false") (not .Values.base) }}
{{- $here := .Release.Namespace }}
{{- $cloned := dict }}
{{- $secrets := get $section "secrets" }}
{{- range $item := kindIs "slice" $secrets | ternary $secrets list }}
{{- if kindIs "map" $item }}
{{- $from := kindIs "map" $item.from | ternary $item.from dict }}
{{- $to := kindIs "map" $item.to | ternary $item.to dict }}
{{- $name := $to.name | default (printf "%v-%v" $from.name $.Values.feature) }}
{{- $made := $to.namespace | default $here }}
{{- $sources := list }}
{{- if $from.name }}{{ $sources = append $sources (dict "namespace" ($from.namespace | default $here) "name" $from.name) }}{{ end }}
{{- $set := kindIs "map" $item.set | ternary $item.set dict }}
{{- range $value := values $set }}
{{- if kindIs "map" $value }}
{{- with $value.secret }}{{ $sources = append $sources (dict "namespace" ($value.namespace | default $here) "name" .) }}{{ end }}
{{- end }}
{{- end }}
{{- $of := get $cloned $made | default (dict "names" list "sources" list) }}
{{- $_ := set $cloned $made (merge (dict "names" (append $of.names $name) "all" $prunes) $of) }}
{{- range $source := $sources }}
{{- $of := get $cloned $source.namespace | default (dict "names" list "sources" list) }}
{{- $_ := set $cloned $source.namespace (merge (dict "sources" (append $of.sources $source.name)) $of) }}
{{- end }}
{{- end }}
{{- end }}
{{- if and .Values.secret $prunes }}
{{- $of := get $cloned $here | default (dict "names" list "sources" list) }}
{{- $_ := set $cloned $here (merge (dict "all" true) $of) }}
{{- end }}
{{- toJson $cloned }}
{{- end }}

{{/* The rules for Secrets of a namespace. Takes a dict: names, sources, all. */}}
{{- define "devstack-hooks.secrets" -}}
{{- if .all }}
# What earlier values asked for is found by its label, and whose it is stands on it.
- apiGroups: [""]
  resources: [secrets]
  verbs: [get, list,{{ if .names }} create,{{ end }} patch, delete]
{{- else }}
{{- with .names }}
- apiGroups: [""]
  resources: [secrets]
  resourceNames: {{- uniq . | toYaml | nindent 4 }}
  verbs: [get, patch, delete]
# A create has no name yet that RBAC could look at.
- apiGroups: [""]
  resources: [secrets]
  verbs: [create]
{{- end }}
{{- with .sources }}
- apiGroups: [""]
  resources: [secrets]
  resourceNames: {{- uniq . | toYaml | nindent 4 }}
  verbs: [get]
{{- end }}
{{- end }}
{{- end }}

{{/*
Which instance of this chart this is, as a JSON list: of a release's own chart, and of its dependency under this chart's
name, nothing; else its alias, behind the charts in which it is a dependency. Two instances of a release share no name
and no owner: they would prune each other's things.
*/}}
{{- define "devstack-hooks.instance" -}}
{{- $path := .Template.BasePath | trimSuffix "/templates" | splitList "/charts/" | rest }}
{{- if eq (last $path | default "") "devstack-hooks" }}{{ $path = initial $path }}{{ end }}
{{- range $path }}
{{- if or (contains "--" .) (not (regexMatch "^[a-z0-9]([a-z0-9-]*[a-z0-9])?$" .)) }}
{{- fail (printf "%q is no name for devstack-hooks, or for a chart that has it: give it an alias of lower-case letters and digits, with single dashes between them" .) }}
{{- end }}
{{- end }}
{{- toJson $path }}
{{- end }}

{{/* Whose the things are, as the file says it behind the namespace. */}}
{{- define "devstack-hooks.owner" -}}
{{- $words := include "devstack-hooks.instance" . | fromJsonArray }}
{{- include "devstack-hooks.shortened" (dict "full" (prepend $words .Release.Name | join ".") "max" 53) }}
{{- end }}

{{/* What names of objects begin with. Few releases have two dashes in theirs, and none needs them. */}}
{{- define "devstack-hooks.prefix" -}}
{{- prepend (include "devstack-hooks.instance" . | fromJsonArray) .Release.Name | join "--" }}
{{- end }}

{{/* What the Jobs need is called so. */}}
{{- define "devstack-hooks.name" -}}
{{ include "devstack-hooks.prefix" . }}-devstack-hooks
{{- end }}

{{/* A name of at most max characters: of a longer one the head, and 8 hex digits of a hash, as the hooks cut theirs. */}}
{{- define "devstack-hooks.shortened" -}}
{{- if le (len .full) (int .max) }}{{ .full }}
{{- else }}{{ trunc (sub .max 9 | int) .full }}-{{ sha256sum .full | trunc 8 }}
{{- end }}
{{- end }}

{{- define "devstack-hooks.labels" -}}
app.kubernetes.io/name: devstack-hooks
app.kubernetes.io/instance: {{ quote .Release.Name }}
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
