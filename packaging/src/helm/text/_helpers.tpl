{{/* The image, by digest if there is one. */}}
{{- define "extreg.image" -}}
{{- $registry := printf "image-registry.openshift-image-registry.svc:5000/%s/extreg-webhook" .Release.Namespace -}}
{{- $repository := default $registry .Values.image.repository -}}
{{- with .Values.image.digest -}}
{{- printf "%s@%s" $repository . -}}
{{- else -}}
{{- printf "%s:%s" $repository (default $.Chart.AppVersion .Values.image.tag) -}}
{{- end -}}
{{- end -}}

{{/* The secrets that the policies and the values name, as a JSON list. */}}
{{- define "extreg.secrets" -}}
{{- $names := .Values.secrets -}}
{{- range .Values.policies -}}
{{- range list .spec.push .spec.pull -}}
{{- with . -}}
{{- $names = append $names .secretName -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- $names | uniq | sortAlpha | toJson -}}
{{- end -}}

{{/* The bundle of an existing secret, encoded. */}}
{{- define "extreg.caBundle" -}}
{{- required "tls.mode secret needs tls.caBundle: the CA certificates in PEM, for example --set-file tls.caBundle=ca.crt" .Values.tls.caBundle | b64enc -}}
{{- end -}}
