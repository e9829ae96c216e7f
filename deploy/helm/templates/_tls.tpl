{{- define "assay.tlsSecret" -}}
{{- if eq .Values.tls.mode "existingSecret" -}}
{{- .Values.tls.existingSecret -}}
{{- else if eq .Values.tls.mode "cert-manager" -}}
{{- /* Not the Secret of mode helm, which Helm deletes when the mode changes. */ -}}
{{- printf "%s-cert-manager-tls" (include "assay.fullname" .) -}}
{{- else -}}
{{- printf "%s-tls" (include "assay.fullname" .) -}}
{{- end -}}
{{- end -}}

{{- /* Is there a cluster to look things up in? Not under `helm template` and client dry runs. */ -}}
{{- define "assay.hasCluster" -}}
{{- if lookup "v1" "Namespace" "" "kube-system" -}}yes{{- end -}}
{{- end -}}

{{- /* Mode helm: puts crt, key, ca, bundle and notAfter into .assayTls, once per render, for the Secret,
the Pods' checksum and the webhook must speak of the same certificate.

What there is stays while it is valid for more than renewBeforeDays. A renewal makes a new CA and a new
leaf and keeps the CA before in the bundle, so that replicas which still serve the leaf before stay
trusted until they have the new one. If the Secret is gone, the CA before is the first one that the API
server trusts now. */ -}}
{{- define "assay.tls" -}}
{{- if not (hasKey . "assayTls") -}}
{{- $name := include "assay.fullname" . -}}
{{- $old := lookup "v1" "Secret" .Release.Namespace (include "assay.tlsSecret" .) | default dict -}}
{{- $data := get $old "data" | default dict -}}
{{- $notAfter := dig "metadata" "annotations" "assay.dev/tls-not-after" "0" $old | int64 -}}
{{- $renewAt := sub $notAfter (mul 86400 (int64 .Values.tls.renewBeforeDays)) -}}
{{- $now := now | unixEpoch | int64 -}}
{{- $whole := and (get $data "tls.crt") (get $data "tls.key") (get $data "ca.crt") (get $data "ca-bundle.crt") -}}
{{- if and $whole (gt $renewAt $now) -}}
{{- $_ := set . "assayTls" (dict
      "crt" (get $data "tls.crt" | b64dec) "key" (get $data "tls.key" | b64dec)
      "ca" (get $data "ca.crt" | b64dec) "bundle" (get $data "ca-bundle.crt" | b64dec)
      "notAfter" $notAfter) -}}
{{- else -}}
{{- $before := get $data "ca.crt" | b64dec -}}
{{- if not $before -}}
{{- $webhook := lookup "admissionregistration.k8s.io/v1" "ValidatingWebhookConfiguration" "" $name | default dict -}}
{{- range dig "webhooks" list $webhook -}}
{{- $before = regexFind "(?s)-----BEGIN CERTIFICATE-----.*?-----END CERTIFICATE-----" (dig "clientConfig" "caBundle" "" . | b64dec) -}}
{{- end -}}
{{- end -}}
{{- $days := int .Values.tls.validityDays -}}
{{- $host := printf "%s.%s" $name .Release.Namespace -}}
{{- $names := list (printf "%s.svc" $host) $host (printf "%s.svc.cluster.local" $host) -}}
{{- $ca := genCAWithKey (printf "%s CA" $name) $days (genPrivateKey "ecdsa") -}}
{{- $leaf := genSignedCertWithKey $name nil $names $days $ca (genPrivateKey "ecdsa") -}}
{{- $bundle := $ca.Cert -}}
{{- with $before }}{{ $bundle = printf "%s\n%s\n" (trim $bundle) (trim .) }}{{ end -}}
{{- $_ := set . "assayTls" (dict
      "crt" $leaf.Cert "key" $leaf.Key "ca" $ca.Cert "bundle" $bundle
      "notAfter" (add $now (mul 86400 $days))) -}}
{{- end -}}
{{- end -}}
{{- end -}}
