{{- define "workloads.labels" -}}
app.kubernetes.io/name: {{ .Chart.Name }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "workloads.pod" -}}
# No node has this label, so that nothing is ever started.
nodeSelector:
  example.com/pool: none
terminationGracePeriodSeconds: 0
containers:
  - name: main
    image: {{ .Values.image | quote }}
    imagePullPolicy: IfNotPresent
{{- end }}
