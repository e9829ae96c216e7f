{{- /* What the schema cannot say, all of it at once, each with what to type. Nothing is installed that
would enforce nothing. */ -}}
{{- define "assay.checks" -}}
{{- $wrong := list -}}
{{- $v := .Values -}}
{{- $golden := $v.security.goldenImages -}}
{{- if not $golden.registries -}}
{{- $wrong = append $wrong "security.goldenImages.registries is empty: say where images may come from, as in\n    --set 'security.goldenImages.registries={registry.internal.example.com/golden/**}'" -}}
{{- end -}}
{{- $names := include "assay.authorityNames" . | fromJsonArray -}}
{{- if $golden.signature.enabled -}}
{{- if not $names -}}
{{- $wrong = append $wrong "security.goldenImages.signature has neither keys nor existingConfigMap: say whose signature counts, as in\n    --set-file security.goldenImages.signature.keys.release=cosign.pub\n  or admit unsigned images with\n    --set security.goldenImages.signature.enabled=false" -}}
{{- else if gt (int $golden.signature.atLeast) (len $names) -}}
{{- $wrong = append $wrong (printf "security.goldenImages.signature.atLeast is %d, but there are only %d keys (%s): no image could pass" (int $golden.signature.atLeast) (len $names) (join ", " $names)) -}}
{{- end -}}
{{- if ne (len $names) (len (uniq $names)) -}}
{{- $wrong = append $wrong (printf "security.goldenImages.signature: two keys have one name (%s): rename one of them" (join ", " $names)) -}}
{{- end -}}
{{- end -}}
{{- if not (or $v.image.registry $v.image.digest) -}}
{{- $wrong = append $wrong "image has neither registry nor digest, as no released chart has: say which image to run, as in\n    --set image.registry=registry.internal.example.com/golden --set image.digest=sha256:..." -}}
{{- end -}}
{{- if not (or $v.webhook.resources.pods $v.webhook.resources.workloads) -}}
{{- $wrong = append $wrong "webhook.resources: pods and workloads are both false, so nothing would be judged: set one of them" -}}
{{- end -}}
{{- if and $v.hostNetwork (eq (int $v.webhook.port) 10250) -}}
{{- $wrong = append $wrong "webhook.port is 10250, which the kubelet has on the node, and hostNetwork is true: choose another port, as in\n    --set webhook.port=10260" -}}
{{- end -}}
{{- if eq (int $v.webhook.port) (int $v.metrics.port) -}}
{{- $wrong = append $wrong (printf "webhook.port and metrics.port are both %d: change one of them" (int $v.webhook.port)) -}}
{{- end -}}
{{- if eq $v.tls.mode "existingSecret" -}}
{{- if not $v.tls.existingSecret -}}
{{- $wrong = append $wrong "tls.mode is existingSecret, but tls.existingSecret is empty: name the Secret, as in\n    --set tls.existingSecret=assay-tls" -}}
{{- end -}}
{{- $annotations := default dict $v.webhook.annotations -}}
{{- $injected := or (hasKey $annotations "cert-manager.io/inject-ca-from") (hasKey $annotations "cert-manager.io/inject-ca-from-secret") (hasKey $annotations "cert-manager.io/inject-apiserver-ca") -}}
{{- if not (or $v.tls.caBundle $injected) -}}
{{- $wrong = append $wrong "tls.mode is existingSecret, but tls.caBundle is empty and no annotation has it injected: the API server would trust no replica. Give the CA, as in\n    --set-file tls.caBundle=ca.crt" -}}
{{- end -}}
{{- end -}}
{{- $rules := include "assay.ruleNames" . | fromJsonArray -}}
{{- range $name, $e := $golden.exceptions -}}
{{- range $e.rules -}}
{{- if not (has . $rules) -}}
{{- $wrong = append $wrong (printf "security.goldenImages.exceptions.%s is for the rule %s, which is switched off: remove it, or switch the rule on" $name .) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- range $name, $text := $v.extraPolicies -}}
{{- if has $name (list "golden-images.yaml" "exceptions.yaml") -}}
{{- $wrong = append $wrong (printf "extraPolicies: %s is a name that the chart uses: choose another" $name) -}}
{{- end -}}
{{- end -}}
{{- range $key, $value := $v.podLabels -}}
{{- if hasKey (default dict $v.commonLabels) $key -}}
{{- $wrong = append $wrong (printf "podLabels and commonLabels both have %s: remove one of them" $key) -}}
{{- end -}}
{{- end -}}
{{- if $wrong -}}
{{- fail (printf "\n\nThe chart needs to know more:\n- %s\n" (join "\n- " $wrong)) -}}
{{- end -}}
{{- end -}}
