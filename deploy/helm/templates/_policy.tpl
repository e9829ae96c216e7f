{{- /* Names of the rules that are switched on, a JSON list. */ -}}
{{- define "assay.ruleNames" -}}
{{- $golden := .Values.security.goldenImages -}}
{{- $names := list "registry" -}}
{{- if $golden.digest.required }}{{ $names = append $names "digest" }}{{ end -}}
{{- if not (and (kindIs "invalid" $golden.runAs.user) (kindIs "invalid" $golden.runAs.group)) }}{{ $names = append $names "run-as" }}{{ end -}}
{{- if $golden.readOnlyRootFilesystem.enabled }}{{ $names = append $names "read-only-root" }}{{ end -}}
{{- if $golden.signature.enabled }}{{ $names = append $names "signed" }}{{ end -}}
{{- toJson $names -}}
{{- end -}}

{{- /* Names of the authorities, a JSON list: those of the values, then those of the ConfigMap. */ -}}
{{- define "assay.authorityNames" -}}
{{- $s := .Values.security.goldenImages.signature -}}
{{- $names := keys (default dict $s.keys) | sortAlpha -}}
{{- if $s.existingConfigMap -}}
{{- range $s.existingConfigMapKeys -}}
{{- $names = append $names (regexReplaceAll "\\.(pub|pem|crt|key)$" . "" | lower) -}}
{{- end -}}
{{- end -}}
{{- toJson $names -}}
{{- end -}}

{{- define "assay.ruleMode" -}}
{{- with . }}
    mode: {{ . }}
{{- end }}
{{- end -}}

{{- /* security.goldenImages in the words of the server. */ -}}
{{- define "assay.goldenPolicy" -}}
{{- $golden := .Values.security.goldenImages -}}
{{- $signature := $golden.signature -}}
apiVersion: assay.dev/v1
kind: Policy
metadata:
  name: golden-images
spec:
  mode: {{ $golden.mode }}
  onError: {{ $golden.onError }}
  match:
    {{- $resources := list }}
    {{- if .Values.webhook.resources.pods }}{{ $resources = append $resources "pods" }}{{ end }}
    {{- if .Values.webhook.resources.workloads }}{{ $resources = append $resources "workloads" }}{{ end }}
    resources: {{ toJson $resources }}
    operations: [CREATE, UPDATE]
    namespaces:
      exclude: {{ include "assay.exemptNamespaces" . }}
  {{- if $signature.enabled }}
  authorities:
    {{- range $name := keys (default dict $signature.keys) | sortAlpha }}
    {{ $name }}:
      key:
        inline: |
          {{- get $signature.keys $name | trim | nindent 10 }}
    {{- end }}
    {{- if $signature.existingConfigMap }}
    {{- range $signature.existingConfigMapKeys }}
    {{ regexReplaceAll "\\.(pub|pem|crt|key)$" . "" | lower }}:
      key: {file: {{ printf "../../keys/%s" . | toJson }}}
    {{- end }}
    {{- end }}
  {{- end }}
  rules:
  - name: registry
    image:
      registries:
      {{- range $golden.registries }}
      - {{ toJson . }}
      {{- end }}
  {{- if $golden.digest.required }}
  - name: digest
    {{- include "assay.ruleMode" $golden.digest.mode }}
    image: {digest: required}
  {{- end }}
  {{- $runAs := dict }}
  {{- range $key := list "user" "group" }}
  {{- $value := index $golden.runAs $key }}
  {{- if kindIs "string" $value }}
  {{- $_ := set $runAs $key $value }}
  {{- else if not (kindIs "invalid" $value) }}
  {{- $_ := set $runAs $key (int64 $value) }}
  {{- end }}
  {{- end }}
  {{- if $runAs }}
  - name: run-as
    {{- include "assay.ruleMode" $golden.runAs.mode }}
    runAs: {{ toJson $runAs }}
  {{- end }}
  {{- if $golden.readOnlyRootFilesystem.enabled }}
  - name: read-only-root
    {{- include "assay.ruleMode" $golden.readOnlyRootFilesystem.mode }}
    readOnlyRootFilesystem: {}
  {{- end }}
  {{- if $signature.enabled }}
  - name: signed
    {{- include "assay.ruleMode" $signature.mode }}
    signature:
      {{- $names := include "assay.authorityNames" . }}
      {{- if eq (int $signature.atLeast) 1 }}
      anyOf: {{ $names }}
      {{- else }}
      atLeast: {count: {{ int $signature.atLeast }}, of: {{ $names }}}
      {{- end }}
  {{- end }}
{{- end -}}

{{- define "assay.exceptions" -}}
{{- range $name, $e := .Values.security.goldenImages.exceptions }}
---
apiVersion: assay.dev/v1
kind: Exception
metadata:
  name: {{ toJson $name }}
spec:
  policy: golden-images
  rules: {{ toJson $e.rules }}
  match: {{ pick $e "namespace" "name" "container" "image" | toJson }}
  reason: {{ toJson $e.reason }}
  owner: {{ toJson $e.owner }}
  {{- with $e.ticket }}
  ticket: {{ toJson . }}
  {{- end }}
  {{- /* A date without quotes arrives with a time. */}}
  expires: {{ trimSuffix "T00:00:00Z" $e.expires | toJson }}
{{- end }}
{{- end -}}
