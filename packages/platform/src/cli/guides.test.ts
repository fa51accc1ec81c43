import assert from 'node:assert/strict'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { CommanderError } from 'commander'
import { processIo } from './io.ts'
import { buildProgram } from './program.ts'

const ROOT = fileURLToPath(new URL('../../../../', import.meta.url))
const GUIDES = readdirSync(`${ROOT}docs/guides`)
  .filter((name) => name.endsWith('.md'))
  .map((name) => `docs/guides/${name}`)
const PAGES = [...GUIDES, 'examples/credit-risk/README.md', 'README.md']

/** The words of each `npx fairlead …` in the shell blocks of a page. */
function commandsOf(page: string): string[][] {
  const blocks = [...readFileSync(ROOT + page, 'utf8').matchAll(/^```sh.*\n([\s\S]*?)^```/gm)].map((match) => match[1] ?? '')
  const lines = blocks.flatMap((block) => block.replaceAll('\\\n', ' ').split('\n'))
  return lines.flatMap((line) => [...line.matchAll(/npx fairlead ((?:'[^']*'|"[^"]*"|[^|)>&'"])*)/g)].map((match) => wordsOf(match[1] ?? '')))
}

function wordsOf(text: string): string[] {
  return [...text.matchAll(/'([^']*)'|"([^"]*)"|(\S+)/g)].map((match) => match[1] ?? match[2] ?? match[3] ?? '').filter((word) => !word.startsWith('#'))
}

/** What commander says to a command line; nothing is run. */
async function complaint(args: string[]): Promise<string | undefined> {
  const program = buildProgram(processIo())
  const still = (command: typeof program) => {
    command.action(() => {})
    command.commands.forEach(still)
  }
  program.commands.forEach((command) => {
    if (command.commands.length === 0) still(command)
    else command.commands.forEach(still)
  })
  try {
    await program.parseAsync(args, { from: 'user' })
    return undefined
  } catch (error) {
    return error instanceof CommanderError ? error.message : String(error)
  }
}

test('the check sees a wrong command', async () => {
  assert.ok(PAGES.reduce((sum, page) => sum + commandsOf(page).length, 0) > 30, 'the commands of the pages are found')
  assert.match((await complaint(['models', 'import', 'x', '--name', 'a', '--signatur', 's'])) ?? '', /unknown option/)
  assert.match((await complaint(['modles'])) ?? '', /unknown command/)
})

for (const page of PAGES) {
  test(`every command of ${page} exists, with its options`, async () => {
    for (const words of commandsOf(page)) assert.equal(await complaint(words), undefined, `npx fairlead ${words.join(' ')}`)
  })
}

test('the files that the guides name are there', () => {
  for (const page of PAGES) {
    for (const [path = ''] of readFileSync(ROOT + page, 'utf8').matchAll(/\bexamples\/credit-risk\/[\w./-]*\w/g)) {
      assert.ok(existsSync(ROOT + path), `${page} names ${path}`)
    }
  }
})
