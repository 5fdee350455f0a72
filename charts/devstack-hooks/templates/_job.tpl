{{/*
A Job that runs hooks one after the other in one container: of an init container Helm shows no log.
Takes a dict: root, verb (apply or delete), hooks, name, weight, events (Helm's), logs (when Helm shows the Job's log).
*/}}
{{- define "devstack-hooks.job" -}}
{{- $root := .root }}
{{- /* A pod's label of this name is as long as a label may be. */}}
{{- $name := include "devstack-hooks.shortened" (dict "full" .name "max" 63) }}
apiVersion: batch/v1
kind: Job
metadata:
  name: {{ $name }}
  labels: {{- include "devstack-hooks.labels" $root | nindent 4 }}
  annotations:
    helm.sh/hook: {{ .events }}
    helm.sh/hook-weight: {{ .weight | quote }}
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
      # Every hook may have to say in an Event why it failed.
      automountServiceAccountToken: true
      enableServiceLinks: false
      terminationGracePeriodSeconds: 10
      {{- with $root.Values.imagePullSecrets }}
      imagePullSecrets: {{- toYaml . | nindent 8 }}
      {{- end }}
      {{- with $root.Values.nodeSelector }}
      nodeSelector: {{- toYaml . | nindent 8 }}
      {{- end }}
      {{- with $root.Values.tolerations }}
      tolerations: {{- toYaml . | nindent 8 }}
      {{- end }}
      securityContext:
        runAsNonRoot: true
        runAsUser: 65532
        runAsGroup: 65532
        seccompProfile: { type: RuntimeDefault }
      containers:
        {{- include "devstack-hooks.container" (dict "root" $root "verb" .verb "hooks" .hooks "name" $name) | trim | nindent 8 }}
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
  env:
    {{- with .root.Values.env }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
    # What an Event of run-hooks is about.
    - { name: DEVSTACK_JOB, value: {{ .name | quote }} }
    - { name: DEVSTACK_JOB_NAMESPACE, value: {{ .root.Release.Namespace | quote }} }
    - name: DEVSTACK_JOB_UID
      valueFrom: { fieldRef: { fieldPath: "metadata.labels['batch.kubernetes.io/controller-uid']" } }
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
