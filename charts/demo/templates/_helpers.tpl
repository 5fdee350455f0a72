{{/* The name of the chart, as a label. */}}
{{- define "demo.name" -}}
{{- .Chart.Name | trunc 63 | trimSuffix "-" }}
{{- end }}

{{/* What every object's name begins with: the release, and the chart unless the release names it. */}}
{{- define "demo.fullname" -}}
{{- $name := .Release.Name }}
{{- if not (contains .Chart.Name $name) }}
{{- $name = printf "%s-%s" $name .Chart.Name }}
{{- end }}
{{- $name | trunc 63 | trimSuffix "-" }}
{{- end }}

{{/* Labels of an object that belongs to no component. */}}
{{- define "demo.labels" -}}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" | trunc 63 | trimSuffix "-" }}
app.kubernetes.io/name: {{ include "demo.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
{{- end }}

{{/* What finds a component's pods. Takes (list root component). */}}
{{- define "demo.selectorLabels" -}}
{{- $root := index . 0 -}}
app.kubernetes.io/name: {{ include "demo.name" $root }}
app.kubernetes.io/instance: {{ $root.Release.Name }}
app.kubernetes.io/component: {{ index . 1 }}
{{- end }}

{{/* Labels of an object of a component. Takes (list root component). */}}
{{- define "demo.componentLabels" -}}
{{ include "demo.labels" (index . 0) }}
app.kubernetes.io/component: {{ index . 1 }}
{{- end }}

{{/* What every pod says of itself beside its containers. */}}
{{- define "demo.podSettings" -}}
serviceAccountName: {{ include "demo.fullname" . }}
terminationGracePeriodSeconds: 10
securityContext:
  runAsNonRoot: true
  runAsUser: 65532
  runAsGroup: 65532
  seccompProfile:
    type: RuntimeDefault
{{- end }}

{{/* What every container says of itself beside its command and environment. Takes (list root component). */}}
{{- define "demo.containerSettings" -}}
{{- $root := index . 0 -}}
image: "{{ $root.Values.image.repository }}:{{ $root.Values.image.tag }}"
imagePullPolicy: {{ $root.Values.image.pullPolicy }}
ports:
  - name: http
    containerPort: 8080
    protocol: TCP
readinessProbe:
  httpGet:
    path: /healthz
    port: http
  periodSeconds: 1
livenessProbe:
  httpGet:
    path: /healthz
    port: http
lifecycle:
  preStop:
    # The pod goes on answering while the router forgets it.
    sleep:
      seconds: 3
securityContext:
  allowPrivilegeEscalation: false
  readOnlyRootFilesystem: true
  capabilities:
    drop:
      - ALL
resources:
  {{- toYaml (index $root.Values (index . 1)).resources | nindent 2 }}
{{- end }}

{{/* The rule by which the router finds a component. Takes its values. */}}
{{- define "demo.match" -}}
Host(`{{ .host }}`)
{{- with .path }} && PathPrefix(`{{ . }}`){{ end }}
{{- end }}
