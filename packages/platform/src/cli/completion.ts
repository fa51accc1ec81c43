import { KEY_SCOPES } from '@fairlead/contract/control'
import type { Command } from 'commander'

/** The words that may follow a path of commands, `''` for the program itself. */
export type WordTree = Map<string, string[]>

/** Shells that completion scripts are made for. */
export const SHELLS = ['bash', 'zsh', 'fish'] as const
export type Shell = (typeof SHELLS)[number]

/** Commands and long options by path of commands, from the tree itself. */
export function wordsOf(program: Command): WordTree {
  const words: WordTree = new Map()
  const globals = longOptions(program)
  const visit = (command: Command, path: string) => {
    const names = command.commands.map((inner) => inner.name())
    words.set(path, [...names, ...(path === '' ? globals : [...longOptions(command), ...globals])])
    for (const inner of command.commands) visit(inner, path === '' ? inner.name() : `${path} ${inner.name()}`)
  }
  visit(program, '')
  return words
}

function longOptions(command: Command): string[] {
  return [...command.options.map((option) => option.long ?? ''), '--help'].filter((name) => name !== '')
}

/** The script that makes a shell complete commands and options of `fairlead`. */
export function completionScript(shell: Shell, program: Command): string {
  const words = wordsOf(program)
  if (shell === 'fish') return fish(words)
  return shell === 'zsh' ? zsh(words) : bash(words)
}

/** Values of options that take one of a few words. */
const VALUES: Record<string, string> = {
  '--format': 'table json ndjson csv parquet',
  '--output': 'table csv json',
  '--interface': 'rows oip oip-binary',
  '--arrivals': 'poisson constant',
  '--scope': KEY_SCOPES.join(' '),
}

/** Sets `words` to the values of the option before the word that is completed, or to the names of what the platform has. */
function valueCases(): string {
  const options = Object.entries(VALUES).map(([option, list]) => `    ${option}) words="${list}" ;;`)
  const names = (kind: string) => `words=$(fairlead ${kind} list --json --quiet 2>/dev/null | sed -n 's/^      "name": "\\([^"]*\\)",*$/\\1/p') ;;`
  const deployments = `"deployments show "*|"deployments rollback "*|"deployments remove "*|"deploy "*|"predict "*|"logs "*|"bench "*) [[ "$current" == -* ]] || ${names('deployments')}`
  const models = `"models show "*|"models alias "*|"models tag "*|"models verify "*|"models remove "*) [[ "$current" == -* ]] || ${names('models')}`
  return `  case "\${COMP_WORDS[COMP_CWORD-1]}" in
${options.join('\n')}
    --model) ${names('models')}
    *) case "$path $current" in
      ${deployments}
      ${models}
    esac ;;
  esac`
}

function cases(words: WordTree): string {
  return [...words].map(([path, list]) => `    ${JSON.stringify(path)}) words=${JSON.stringify(list.join(' '))} ;;`).join('\n')
}

function paths(words: WordTree): string {
  return [...words.keys()]
    .filter((path) => path !== '')
    .map((path) => JSON.stringify(path))
    .join('|')
}

function bash(words: WordTree): string {
  return `# fairlead completion for bash; load it with: source <(fairlead completion bash)
_fairlead() {
  local current="\${COMP_WORDS[COMP_CWORD]}" path="" words="" word next i
  for ((i = 1; i < COMP_CWORD; i++)); do
    word="\${COMP_WORDS[i]}"
    next="\${path:+$path }$word"
    case "$next" in
    ${paths(words)}) path="$next" ;;
    esac
  done
  case "$path" in
${cases(words)}
  esac
${valueCases()}
  COMPREPLY=($(compgen -W "$words" -- "$current"))
  [[ \${#COMPREPLY[@]} -eq 0 ]] && COMPREPLY=($(compgen -f -- "$current"))
}
complete -o filenames -F _fairlead fairlead
`
}

function zsh(words: WordTree): string {
  return `#compdef fairlead
# fairlead completion for zsh; load it with: source <(fairlead completion zsh)
_fairlead() {
  local found="" list="" word next i
  for ((i = 2; i < CURRENT; i++)); do
    word="\${words[i]}"
    next="\${found:+$found }$word"
    case "$next" in
    ${paths(words)}) found="$next" ;;
    esac
  done
  case "$found" in
${cases(words).replaceAll(') words=', ') list=')}
  esac
  compadd -- \${=list}
  _files
}
compdef _fairlead fairlead
`
}

function fish(words: WordTree): string {
  const lines = [...words].flatMap(([path, list]) => list.map((word) => fishLine(path, word)))
  return `# fairlead completion for fish; load it with: fairlead completion fish | source
function __fairlead_path
  set -l path
  for word in (commandline -opc)[2..]
    set -l next (string join ' ' $path $word)
    contains -- $next ${[...words.keys()]
      .filter((path) => path !== '')
      .map((path) => `'${path}'`)
      .join(' ')}; and set path $next
  end
  echo "$path"
end
${lines.join('\n')}
`
}

function fishLine(path: string, word: string): string {
  const condition = `test (__fairlead_path | string collect --allow-empty) = '${path}'`
  return word.startsWith('--') ? `complete -c fairlead -n "${condition}" -l ${word.slice(2)}` : `complete -c fairlead -n "${condition}" -a ${word}`
}
