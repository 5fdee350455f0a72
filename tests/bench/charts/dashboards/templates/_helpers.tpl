{{- define "dashboards.fullname" -}}
{{- printf "%s-%s" .Release.Name .Chart.Name | trunc 63 | trimSuffix "-" }}
{{- end }}

{{- define "dashboards.selectorLabels" -}}
app.kubernetes.io/name: {{ .Chart.Name }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "dashboards.labels" -}}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" }}
{{ include "dashboards.selectorLabels" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
{{- end }}

{{- /* One panel as the dashboard's editor writes it; takes a dict of id, title and expr. */}}
{{- define "dashboards.panel" -}}
{
  "id": {{ .id }},
  "type": "timeseries",
  "title": {{ .title | quote }},
  "datasource": { "type": "prometheus", "uid": "${datasource}" },
  "gridPos": { "h": 8, "w": 12, "x": {{ mul 12 (mod .id 2) }}, "y": {{ mul 8 (div .id 2) }} },
  "fieldConfig": {
    "defaults": {
      "color": { "mode": "palette-classic" },
      "custom": {
        "axisPlacement": "auto",
        "drawStyle": "line",
        "fillOpacity": 10,
        "lineWidth": 1,
        "showPoints": "never",
        "spanNulls": false,
        "stacking": { "group": "A", "mode": "none" }
      },
      "thresholds": { "mode": "absolute", "steps": [{ "color": "green", "value": null }, { "color": "red", "value": 80 }] },
      "unit": "short"
    },
    "overrides": []
  },
  "options": {
    "legend": { "calcs": ["mean", "max"], "displayMode": "table", "placement": "bottom" },
    "tooltip": { "mode": "multi", "sort": "desc" }
  },
  "targets": [
    {
      "editorMode": "code",
      "expr": {{ .expr | quote }},
      "legendFormat": "__auto",
      "range": true,
      "refId": "A"
    }
  ]
}
{{- end }}
