{{- define "heavy.labels" -}}
app.kubernetes.io/name: heavy
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "heavy.container" -}}
image: {{ .Values.image }}
imagePullPolicy: IfNotPresent
command: ["/api"]
env:
  - { name: RELEASE, value: {{ .Release.Name | quote }} }
ports:
  - { name: http, containerPort: 8080 }
readinessProbe:
  httpGet: { path: /healthz, port: http }
  periodSeconds: 1
{{- end }}
