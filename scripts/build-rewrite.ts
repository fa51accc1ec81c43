/** A package.json, as far as the build looks at it. */
export interface Manifest {
  exports?: Record<string, string>
  engines?: { node: string }
  [key: string]: unknown
}

/**
 * The manifest of a package as it is published: entries that lead to TypeScript sources lead to the built JavaScript and
 * its declarations, and what only the workspace needs is gone.
 */
export function publishedManifest(manifest: Manifest): Manifest {
  const { devDependencies: _dev, scripts: _scripts, ...kept } = manifest
  const exports = Object.entries(manifest.exports ?? {}).map(([entry, target]) => {
    if (!target.startsWith('./src/')) return [entry, target]
    const built = target.replace(/^\.\/src\//, './dist/').replace(/\.ts$/, '')
    return [entry, { types: `${built}.d.ts`, default: `${built}.js` }]
  })
  return { ...kept, engines: manifest.engines ?? { node: '>=20.19' }, exports: Object.fromEntries(exports), publishConfig: { access: 'public' } }
}

/** Turns addresses of sources beside a module, `new URL('./worker.ts', import.meta.url)`, into those of the built files. */
export function rewriteAddresses(code: string): string {
  return code.replace(/(new URL\(\s*(['"])\.{1,2}\/[^'"\n]+)\.ts\2/g, '$1.js$2')
}

/** Turns the workspace's executable, which starts the sources, into one that starts what was built. */
export function rewriteBin(code: string): string {
  return code.replace(/(['"])\.\.\/src\/([^'"\n]+)\.ts\1/g, '$1../dist/$2.js$1')
}
