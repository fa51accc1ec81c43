// npm run build: the packages as they are published. JavaScript and declarations go to dist/packages/<folder>, tarballs to dist/tarballs.
import { execFileSync } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { publishedManifest, rewriteAddresses, rewriteBin } from './build-rewrite.ts'
import { standAlone } from './client-package.ts'
import { buildConsole } from './console.ts'
import { filesBelow, ROOT } from './files.ts'

const OUT = join(ROOT, 'dist/packages')
const TARBALLS = join(ROOT, 'dist/tarballs')
/** In the order in which they build: each sees the declarations of those before it. */
const COMPILED = ['contract', 'evaluator', 'client', 'platform'] as const
const isShipped = (path: string): boolean => !/\.test\.tsx?$/.test(path) && !path.includes('/testdata/') && !path.includes('/testing/')

rmSync(join(ROOT, 'dist'), { recursive: true, force: true })
mkdirSync(TARBALLS, { recursive: true })
for (const name of COMPILED) compile(name)
await standAlone('dist/packages/client/dist', 'dist/packages/contract/dist')
buildConsole()
stageConsole()
stagePlatformExtras()
for (const name of [...COMPILED, 'console']) pack(name)

/** Compiles one package with tsc and writes its manifest. */
function compile(name: (typeof COMPILED)[number]): void {
  const source = join(ROOT, 'packages', name)
  const staged = join(OUT, name)
  mkdirSync(staged, { recursive: true })
  const config = join(OUT, `tsconfig.${name}.json`)
  const here = relative(OUT, source)
  writeFileSync(
    config,
    JSON.stringify({
      extends: relative(OUT, join(ROOT, 'tsconfig.base.json')),
      compilerOptions: {
        rootDir: `${here}/src`,
        outDir: `./${name}/dist`,
        declaration: true,
        noEmitOnError: true,
        sourceMap: false,
        typeRoots: [relative(OUT, join(ROOT, 'node_modules/@types'))],
        paths: declarationsOf(COMPILED.slice(0, COMPILED.indexOf(name))),
      },
      include: [`${here}/src`],
      exclude: [`${here}/src/**/*.test.ts`, `${here}/src/**/testing`, `${here}/src/**/testdata`],
    }),
  )
  run(process.execPath, [join(ROOT, 'node_modules/typescript/bin/tsc'), '-p', config])
  rmSync(config)
  for (const file of filesBelow(`dist/packages/${name}/dist`, (path) => path.endsWith('.js'))) {
    const path = join(ROOT, file)
    writeFileSync(path, rewriteAddresses(readFileSync(path, 'utf8')))
  }
  copyAssets(name)
  writeManifest(name)
}

/** Where the compiler finds the declarations of packages built before, by what is written to import them. */
function declarationsOf(folders: readonly string[]): Record<string, string[]> {
  const entries = folders.flatMap((folder) => {
    const { name, exports } = JSON.parse(readFileSync(join(OUT, folder, 'package.json'), 'utf8')) as {
      name: string
      exports: Record<string, { types?: string }>
    }
    return Object.entries(exports).flatMap(([entry, { types }]) => (types ? [[join(name, entry), [`./${join(folder, types)}`]] as [string, string[]]] : []))
  })
  return Object.fromEntries(entries)
}

/** Copies what the sources read at run time and tsc does not carry over. */
function copyAssets(name: string): void {
  for (const file of filesBelow(`packages/${name}/src`, (path) => !/\.tsx?$/.test(path) && isShipped(path))) {
    const target = join(OUT, name, 'dist', relative(`packages/${name}/src`, file))
    cpSync(join(ROOT, file), target, { recursive: true })
  }
}

function writeManifest(name: string): void {
  const manifest = JSON.parse(readFileSync(join(ROOT, 'packages', name, 'package.json'), 'utf8'))
  writeFileSync(join(OUT, name, 'package.json'), `${JSON.stringify(publishedManifest(manifest), null, 2)}\n`)
  cpSync(join(ROOT, 'LICENSE'), join(OUT, name, 'LICENSE'))
  const own = join(ROOT, 'packages', name, 'README.md')
  cpSync(existsSync(own) ? own : join(ROOT, 'README.md'), join(OUT, name, 'README.md'))
}

function stageConsole(): void {
  mkdirSync(join(OUT, 'console'), { recursive: true })
  cpSync(join(ROOT, 'packages/console/dist'), join(OUT, 'console/dist'), { recursive: true })
  writeManifest('console')
}

function stagePlatformExtras(): void {
  const bin = join(ROOT, 'packages/platform/bin/fairlead.js')
  mkdirSync(join(OUT, 'platform/bin'), { recursive: true })
  writeFileSync(join(OUT, 'platform/bin/fairlead.js'), rewriteBin(readFileSync(bin, 'utf8')), { mode: 0o755 })
  // the other examples are programs that need the repository
  cpSync(join(ROOT, 'examples/credit-risk'), join(OUT, 'platform/examples/credit-risk'), {
    recursive: true,
    filter: (path) => !/\.test\.ts$|\.fairlead$/.test(path),
  })
}

function pack(name: string): void {
  run('npm', ['pack', '--silent', '--pack-destination', TARBALLS], join(OUT, name))
}

function run(command: string, args: string[], cwd: string = ROOT): void {
  try {
    execFileSync(command, args, { cwd, stdio: ['ignore', 'pipe', 'pipe'], encoding: 'utf8' })
  } catch (error) {
    const { stdout = '', stderr = '' } = error as { stdout?: string; stderr?: string }
    console.error(`${command} ${args.join(' ')} failed:\n${stdout}${stderr}`)
    process.exit(1)
  }
}

console.error(readdirSync(TARBALLS).sort().join('\n'))
