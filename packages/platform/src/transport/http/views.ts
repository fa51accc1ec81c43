import type { DeploymentView, Inference } from '../../domain/inference/index.ts'

function urls(name: string) {
  const base = `/v1/deployments/${name}`
  return { predict: `${base}/predict`, openapi: `${base}/openapi.json`, docs: `${base}/docs`, oip: `/v2/models/${name}` }
}

/** One deployment as the serve port shows it. */
export function deploymentView(view: DeploymentView) {
  const { name, current, answering, ready, reason, releases } = view
  return {
    name,
    ready,
    reason: reason ?? null,
    /** The release that answers, and the one that should. */
    release: answering?.release.number ?? (ready ? (current ?? null) : null),
    current: current ?? null,
    releases: releases.map(({ number, state, detail }) => ({ number, state, detail: detail ?? null })),
    urls: urls(name),
  }
}

/**
 * Why this process is not ready: a sentence per reason; empty when it is. A deployment without any active release does not count, nor one
 * that an operator unloaded; one whose model is not in memory is ready, because a request brings it there.
 */
export function unreadyReasons(inference: Inference, { draining }: { draining: boolean }): string[] {
  const deployments = inference
    .list()
    .flatMap(({ ready, unloaded, current, reason }) => (ready || unloaded || current === undefined ? [] : [reason ?? 'not ready']))
  const unread = inference.knowsWanted ? undefined : 'this process could not read yet what it should serve'
  return [draining ? 'this process is draining' : undefined, unread, ...deployments].filter((reason) => reason !== undefined)
}
