# Two images of one broker: --target alpine (default), --target distroless. deploy/ says how to run them.

FROM node:22-alpine AS build
WORKDIR /src
COPY . .
# Installs what the lockfile says, and builds.
RUN node scripts/prepare.mjs
RUN npm prune --omit=dev --ignore-scripts --no-audit --no-fund
# Of each package what runs.
RUN find packages -mindepth 2 -maxdepth 2 ! -name package.json ! -name dist ! -name bin ! -name data ! -name node_modules -exec rm -rf {} +
RUN mkdir -m 0700 /data

FROM gcr.io/distroless/nodejs22-debian12:nonroot AS distroless
ENV NODE_ENV=production
WORKDIR /app
COPY --from=build /src/node_modules ./node_modules
COPY --from=build /src/packages ./packages
COPY --from=build /src/deploy/healthcheck.mjs ./healthcheck.mjs
COPY --from=build --chown=65532:65532 /data /data
USER 65532:65532
VOLUME /data
EXPOSE 8080
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=3s --start-period=30s CMD ["/nodejs/bin/node", "/app/healthcheck.mjs"]
ENTRYPOINT ["/nodejs/bin/node", "/app/packages/cli/bin/nakadi.js"]
CMD ["broker", "--host", "0.0.0.0", "--port", "8080", "--data", "/data"]

FROM node:22-alpine AS alpine
ENV NODE_ENV=production
WORKDIR /app
COPY --from=build /src/node_modules ./node_modules
COPY --from=build /src/packages ./packages
COPY --from=build /src/deploy/healthcheck.mjs ./healthcheck.mjs
COPY --from=build --chown=1000:1000 /data /data
USER 1000:1000
VOLUME /data
EXPOSE 8080
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=3s --start-period=30s CMD ["node", "/app/healthcheck.mjs"]
ENTRYPOINT ["node", "/app/packages/cli/bin/nakadi.js"]
CMD ["broker", "--host", "0.0.0.0", "--port", "8080", "--data", "/data"]
