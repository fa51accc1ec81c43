import { readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { extname, join } from 'node:path'
import { promisify } from 'node:util'
import { brotliCompress, constants, gzip } from 'node:zlib'
import react from '@vitejs/plugin-react'
import { defineConfig, type Plugin } from 'vite'

const PACKED = new Set(['.js', '.css', '.svg', '.html'])
const LEAST_BYTES = 1000
const brotli = promisify(brotliCompress)

/**
 * Writes `.br` and `.gz` beside what is worth it, for the platform to send to browsers that take them, and takes away what an
 * earlier build left only then: a console that is being served stays whole while it is built again.
 */
function packed(): Plugin {
  const pack = async (path: string) => {
    const bytes = await readFile(path)
    if (bytes.length < LEAST_BYTES) return
    await writeFile(`${path}.br`, await brotli(bytes, { params: { [constants.BROTLI_PARAM_QUALITY]: 9 } }))
    await writeFile(`${path}.gz`, await promisify(gzip)(bytes, { level: 9 }))
  }
  return {
    name: 'packed',
    apply: 'build',
    async writeBundle({ dir = 'dist' }, bundle) {
      for (const name of await readdir(join(dir, 'assets'))) {
        if (!(`assets/${name.replace(/\.(br|gz)$/, '')}` in bundle)) await rm(join(dir, 'assets', name))
      }
      const entries = await readdir(dir, { recursive: true, withFileTypes: true })
      await Promise.all(entries.filter((entry) => entry.isFile() && PACKED.has(extname(entry.name))).map((entry) => pack(join(entry.parentPath, entry.name))))
    },
  }
}

export default defineConfig({
  plugins: [react(), packed()],
  build: {
    target: 'es2022',
    // The content security policy allows neither inline scripts nor data: scripts.
    assetsInlineLimit: 0,
    emptyOutDir: false,
    modulePreload: { polyfill: false },
    chunkSizeWarningLimit: 700,
    // The compressed files themselves are what is sent; working out their size again takes as long as the build.
    reportCompressedSize: false,
  },
  server: { proxy: { '/api': process.env.FAIRLEAD_URL ?? 'http://127.0.0.1:7300' } },
})
