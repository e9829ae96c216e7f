{{- /* Hosts of security.goldenImages.registries, a JSON list. */ -}}
{{- define "assay.goldenHosts" -}}
{{- $hosts := list -}}
{{- range .Values.security.goldenImages.registries -}}
{{- $hosts = append $hosts (regexFind "^[^/]+" . | lower) -}}
{{- end -}}
{{- uniq $hosts | toJson -}}
{{- end -}}

{{- /* The file of `assay serve --registries`. */ -}}
{{- define "assay.registries" -}}
{{- $r := .Values.registries -}}
{{- $items := list -}}
{{- $listed := list -}}
{{- range get (default dict $r.config) "registries" | default list -}}
{{- $items = append $items . -}}
{{- $listed = append $listed (lower .host) -}}
{{- end -}}
{{- range include "assay.goldenHosts" . | fromJsonArray -}}
{{- if not (has . $listed) -}}
{{- $item := dict "host" . -}}
{{- if $r.allowPrivate }}{{ $_ := set $item "allowPrivate" true }}{{ end -}}
{{- if $r.caConfigMap }}{{ $_ := set $item "caFile" "/etc/assay/registry-ca/ca.crt" }}{{ end -}}
{{- $timeouts := dict -}}
{{- with $r.connectTimeout }}{{ $_ := set $timeouts "connect" . }}{{ end -}}
{{- with $r.requestTimeout }}{{ $_ := set $timeouts "request" . }}{{ end -}}
{{- if $timeouts }}{{ $_ := set $item "timeouts" $timeouts }}{{ end -}}
{{- $items = append $items $item -}}
{{- end -}}
{{- end -}}
apiVersion: assay.dev/v1
kind: Registries
spec:
  {{- $credentials := get (default dict $r.config) "credentials" }}
  {{- if $credentials }}
  credentials: {{ toJson $credentials }}
  {{- else if $r.pullSecret }}
  credentials: /etc/assay/pull-secret/config.json
  {{- end }}
  {{- with $items }}
  registries:
  {{- toYaml . | nindent 2 }}
  {{- end }}
{{- end -}}

{{- /* TCP ports of all registries, mirrors and token services, a JSON list. */ -}}
{{- define "assay.egressPorts" -}}
{{- $ports := list -}}
{{- range include "assay.goldenHosts" . | fromJsonArray -}}
{{- $ports = append $ports (regexFind "[0-9]+$" (regexFind ":[0-9]+$" .) | default "443" | int) -}}
{{- end -}}
{{- range get (default dict .Values.registries.config) "registries" | default list -}}
{{- $ports = append $ports (regexFind "[0-9]+$" (regexFind ":[0-9]+$" .host) | default (ternary "80" "443" (default false .plainHttp)) | int) -}}
{{- range concat (default list .mirrors) (default list .tokenRealms) -}}
{{- $ports = append $ports (regexFind "[0-9]+$" (regexFind ":[0-9]+$" (regexFind "^[^/]+" .)) | default "443" | int) -}}
{{- end -}}
{{- end -}}
{{- range .Values.networkPolicy.egressPorts -}}
{{- $ports = append $ports (int .) -}}
{{- end -}}
{{- uniq $ports | toJson -}}
{{- end -}}
