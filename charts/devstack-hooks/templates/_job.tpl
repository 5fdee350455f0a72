{{/*
One Job that runs the enabled hooks one after the other in one container: of an init container Helm shows no log.
Takes a dict: root, verb (apply or delete), events (Helm's), logs (when Helm shows the Job's log).
*/}}
{{- define "devstack-hooks.job" -}}
{{- $root := .root }}
{{- $verb := .verb }}
{{- $hooks := include "devstack-hooks.enabled" $root | fromJsonArray }}
{{- /* What was made last goes first: a topic ends its subscriptions while their queues are there. */}}
{{- if eq $verb "delete" }}{{ $hooks = reverse $hooks }}{{ end }}
{{- $targets := include "devstack-hooks.targets" $root | fromJson }}
apiVersion: batch/v1
kind: Job
metadata:
  name: {{ $root.Release.Name }}-{{ $verb }}
  labels: {{- include "devstack-hooks.labels" $root | nindent 4 }}
  annotations:
    helm.sh/hook: {{ .events }}
    helm.sh/hook-weight: "-10"
    # Stays for those who want to read its log, until its ttl: gone at once, Helm 4 waits for it in vain.
    helm.sh/hook-delete-policy: before-hook-creation
    helm.sh/hook-output-log-policy: {{ .logs }}
spec:
  ttlSecondsAfterFinished: 3600
  # The hook's own retry is the only one; a pod that was evicted did not fail.
  backoffLimit: 0
  podFailurePolicy:
    rules:
      - action: Ignore
        onPodConditions: [{ type: DisruptionTarget, status: "True" }]
  # Later than the hook's own deadline, so that it can say what it waited for.
  activeDeadlineSeconds: {{ include "devstack-hooks.seconds" $root | int | add 30 }}
  template:
    metadata:
      labels: {{- include "devstack-hooks.labels" $root | nindent 8 }}
    spec:
      restartPolicy: Never
      serviceAccountName: {{ include "devstack-hooks.name" $root }}
      automountServiceAccountToken: {{ not (and (empty $targets.secrets) (empty $targets.configmaps) (empty $root.Values.secret)) }}
      enableServiceLinks: false
      terminationGracePeriodSeconds: 10
      securityContext:
        runAsNonRoot: true
        runAsUser: 65532
        runAsGroup: 65532
        seccompProfile: { type: RuntimeDefault }
      containers:
        {{- include "devstack-hooks.container" (dict "root" $root "verb" $verb "hooks" $hooks) | trim | nindent 8 }}
      volumes:
        - name: config
          configMap: { name: {{ include "devstack-hooks.name" $root }} }
        {{- with $root.Values.volumes }}
        {{- toYaml . | nindent 8 }}
        {{- end }}
{{- end }}

{{- define "devstack-hooks.container" -}}
{{- with .root.Values.image }}
- name: hooks
  image: "{{ .repository }}:{{ .tag }}"
  imagePullPolicy: {{ .pullPolicy }}
{{- end }}
  command: [/run-hooks, {{ .verb }}, {{ join ", " .hooks }}, --config=/etc/devstack/resources.yaml, --timeout={{ .root.Values.timeout }}]
  {{- with .root.Values.env }}
  env: {{- toYaml . | nindent 4 }}
  {{- end }}
  terminationMessagePolicy: FallbackToLogsOnError
  resources:
    requests: { cpu: 10m, memory: 16Mi }
    limits: { memory: 64Mi }
  securityContext:
    allowPrivilegeEscalation: false
    readOnlyRootFilesystem: true
    capabilities: { drop: [ALL] }
  volumeMounts:
    - { name: config, mountPath: /etc/devstack, readOnly: true }
    {{- with .root.Values.volumeMounts }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
{{- end }}
