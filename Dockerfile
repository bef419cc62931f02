# The service, without the development node. tests/container/dockerfile.py carries out what stands here, and knows only the
# directives that stand here: extend it together with this file.

FROM rust:1.95-slim-bookworm AS builder
WORKDIR /build
# release, or dev for an image that is built in a third of the time.
ARG PROFILE=release
COPY . .
# Both caches outlive the layer, so that a change builds what has changed and not all dependencies anew.
RUN --mount=type=cache,target=/usr/local/cargo/registry,sharing=locked \
    --mount=type=cache,target=/build/target,sharing=locked \
    cargo install --locked --path . --no-default-features --features otel,linked-data --profile "$PROFILE" --root out --no-track

# Debian, and of the release that the builder has, for the same C library. With a shell, for those who must look
# into a container; without one, an image of 20 MB less would be the gain.
FROM debian:bookworm-slim
COPY --from=builder /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/ca-certificates.crt
COPY --from=builder /build/out/bin/idos-issuer /usr/local/bin/idos-issuer
# Loopback, the default, would be the container's own. Probes come to the second, which is not exposed: it asks for no key.
ENV IDOS_ISSUER_HTTP_LISTEN=0.0.0.0:8080
ENV IDOS_ISSUER_HTTP_HEALTH_LISTEN=0.0.0.0:9080
EXPOSE 8080
# A number, so that an orchestrator can see that it is not root.
USER 65532:65532
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s --retries=3 CMD ["/usr/local/bin/idos-issuer", "healthcheck"]
ENTRYPOINT ["/usr/local/bin/idos-issuer"]
CMD ["--config", "/etc/idos-issuer/config.toml", "serve"]
