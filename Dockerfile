# The router with all official plugins, built of this checkout. How to run it: docs/guides/operations.md
FROM node:24-slim AS build
WORKDIR /src
COPY package.json package-lock.json .npmrc tsconfig.base.json tsconfig.json ./
COPY packages packages
RUN npm ci --no-audit --no-fund && npm run build && npm prune --omit=dev --no-audit --no-fund

FROM node:24-slim
ENV NODE_ENV=production
WORKDIR /opt/wampgate
COPY --from=build /src/package.json ./
COPY --from=build /src/node_modules node_modules
COPY --from=build /src/packages packages
USER node
# Mount the folder of the config here. Its endpoint must listen on 0.0.0.0 to be reached from outside.
VOLUME /etc/wampgate
EXPOSE 8080
# Of another port or with TLS: set WAMPGATE_HEALTH_URL.
HEALTHCHECK --interval=10s --timeout=3s --start-period=30s CMD ["node", "-e", "fetch(process.env.WAMPGATE_HEALTH_URL ?? 'http://127.0.0.1:8080/healthz').then(({ ok }) => process.exit(ok ? 0 : 1), () => process.exit(1))"]
STOPSIGNAL SIGTERM
ENTRYPOINT ["node", "packages/core/bin/wampgate.js"]
CMD ["start", "--config", "/etc/wampgate/wampgate.config.yaml"]
