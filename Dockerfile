# One image for every part of Countersign; the argument names the service: `docker run … countersign ingress`.
# Another registry or base is swapped in with --build-arg IMAGE_NODE=… (docker-compose.yml: the same name as a variable).
ARG IMAGE_NODE=node:24-bookworm-slim

FROM ${IMAGE_NODE} AS install
RUN npm install --global pnpm@12.21.0
WORKDIR /app
COPY . .
# Optional packages are the binaries of the local stack: here other images bring Postgres and NATS.
RUN pnpm install --frozen-lockfile --prod --no-optional

FROM ${IMAGE_NODE}
ENV NODE_ENV=production
WORKDIR /app
# Root owns the code and the service runs as somebody else: what it runs, it cannot change.
COPY --from=install /app /app
# A new named volume takes over the owner of the folder that it is mounted on.
RUN for part in keys nats postgres people workers ingress policy-kernel approval scheduler output-safety artifacts audit; do \
      install -d -o node -g node -m 0700 /run/countersign/$part; done
USER node
ENTRYPOINT ["/app/infra/compose/run-service.sh"]
