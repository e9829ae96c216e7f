# The image of the Helm chart: one static program and the CA certificates, nothing else.
#
#   docker build --build-arg REVISION="$(git rev-parse HEAD)" \
#                --build-arg SOURCE_DATE_EPOCH="$(git log -1 --format=%ct)" -t assay .
#
# For arm64 too: docker buildx build --platform linux/amd64,linux/arm64. It is cross-compiled: the build stage is of amd64.
# Give BASE with a digest (debian:bookworm-slim@sha256:...) to build twice with the same compiler. Libraries
# are those of scripts/static.json in any case. `make image` makes an image with the same files without docker.
ARG BASE=debian:bookworm-slim

FROM --platform=linux/amd64 ${BASE} AS build
RUN apt-get update && \
	apt-get install -y --no-install-recommends ca-certificates python3
WORKDIR /src
# The libraries, before the sources: they are built again only when their pins change.
COPY scripts/static scripts/static.json scripts/
# The platform of the image, from the builder.
ARG TARGETARCH
RUN scripts/static --arch "${TARGETARCH:-amd64}" --libraries
COPY . .
ARG REVISION=unknown
ARG SOURCE_DATE_EPOCH=0
RUN OUT=build/static scripts/static --arch "${TARGETARCH:-amd64}" && \
	install -D -m 755 build/static/root/assay /out/assay && \
	install -D -m 644 build/static/ca-certificates.crt /out/etc/ssl/certs/ca-certificates.crt && \
	find /out -exec touch -h -d "@$SOURCE_DATE_EPOCH" {} +

FROM scratch
ARG REVISION=unknown
LABEL org.opencontainers.image.title="assay" \
	org.opencontainers.image.description="Kubernetes validating admission webhook that admits only golden images" \
	org.opencontainers.image.licenses="Apache-2.0" \
	org.opencontainers.image.revision="${REVISION}"
COPY --from=build /out/ /
# A number, for there is no /etc/passwd; nothing in the image is writable for it, and nothing needs to be.
USER 65532:65532
ENTRYPOINT ["/assay"]
