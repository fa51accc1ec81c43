import { type Argument, OPCODES } from './opcodes.ts'
import { Broken, type Reader } from './reader.ts'
import { Call, Dict, Import, Tuple, type Value } from './values.ts'

/** A pickle needs no more on its stack and in its memo together; more is a trap for memory. */
const MOST_VALUES = 10_000_000
/** Real pickles are mostly the bytes of arrays. */
const MOST_OPCODES = 30_000_000
const LONGEST_TUPLE = 16
const MOST_ENTRIES = 64
/** Stands for a name that is only known when the pickle runs. */
export const UNKNOWN_NAME = '?'

const TEXTS = new Set(['STRING', 'UNICODE', 'BINSTRING', 'SHORT_BINSTRING', 'BINUNICODE', 'SHORT_BINUNICODE', 'BINUNICODE8'])

/**
 * Follows one pickle's opcodes without running any: a stack of what is known of the values, a memo, and the names that are
 * imported and called. Where a real unpickler would stop for a broken stream it throws Broken; what was found stays.
 */
export class Machine {
  protocol = 0
  readonly imports = new Map<string, Import>()
  /** Calls of what no import names: of what another call gave, say. */
  indirect = 0
  /** Objects that the loading program must find elsewhere. */
  persistent = 0
  done = false
  private readonly reader: Reader
  private stack: Value[] = []
  private readonly marks: number[] = []
  /** Kept values by number: those in order, and the others. */
  private readonly memo: Value[] = []
  private readonly scattered = new Map<number, Value>()
  private readonly counts = new Float64Array(256)
  private steps = 0

  constructor(reader: Reader) {
    this.reader = reader
  }

  /** The value on top, or undefined. */
  get top(): Value | undefined {
    return this.stack.at(-1)
  }

  /** How often each opcode was met, by name. */
  get opcodes(): Record<string, number> {
    return Object.fromEntries(
      TABLE.flatMap((opcode, code) => (opcode === undefined || this.counts[code] === 0 ? [] : [[opcode.name, this.counts[code] as number]])),
    )
  }

  /** Follows one opcode; gives its name. */
  step(): string {
    const code = this.reader.byte()
    const opcode = TABLE[code]
    if (opcode === undefined) throw new Broken(`byte ${code} is no opcode`)
    this.counts[code] = (this.counts[code] as number) + 1
    this.steps += 1
    const argument = this.argument(opcode)
    if (opcode.act === undefined) this.push(argument)
    else opcode.act(this, argument)
    if (this.steps > MOST_OPCODES || this.stack.length + this.kept + this.marks.length > MOST_VALUES) throw new Broken('it is longer than any model')
    return opcode.name
  }

  push(value: Value): void {
    this.stack.push(value)
  }

  pop(): Value {
    if (this.stack.length <= (this.marks.at(-1) ?? 0)) throw new Broken('it takes from an empty stack')
    return this.stack.pop() as Value
  }

  /** What stands above the last mark, which goes too. */
  popMark(): Value[] {
    const mark = this.marks.pop()
    if (mark === undefined) throw new Broken('it looks for a mark that is not there')
    return this.stack.splice(mark)
  }

  mark(): void {
    this.marks.push(this.stack.length)
  }

  /** Takes the top off, a mark too. */
  drop(): void {
    if (this.marks.at(-1) === this.stack.length) this.marks.pop()
    else this.pop()
  }

  keep(at: number = this.kept): void {
    const { top } = this
    if (top === undefined) throw new Broken('it keeps what is not there')
    if (at < this.memo.length) this.memo[at] = top
    else if (at === this.memo.length) this.memo.push(top)
    else this.scattered.set(at, top)
  }

  recall(at: number): void {
    const value = this.memo[at] ?? this.scattered.get(at) ?? (at < this.memo.length || this.scattered.has(at) ? null : undefined)
    if (value === undefined) throw new Broken(`it asks for value ${at}, which was not kept`)
    this.push(value)
  }

  import(module: Value, name: Value, opcode: string): Import {
    const known = typeof module === 'string' && typeof name === 'string'
    const found = known ? new Import(module, name, opcode) : new Import(UNKNOWN_NAME, UNKNOWN_NAME, opcode)
    const key = `${found.module}\n${found.name}\n${opcode}`
    const entry = this.imports.get(key) ?? found
    entry.count += 1
    this.imports.set(key, entry)
    return entry
  }

  lines(): [Value, Value] {
    return [this.reader.line(), this.reader.line()]
  }

  call(of: Value, args: Value): void {
    if (of instanceof Import) of.called = true
    else this.indirect += 1
    this.push(new Call(of instanceof Import ? of : undefined, args))
  }

  private get kept(): number {
    return this.memo.length + this.scattered.size
  }

  private argument({ name, argument, isText }: Entry): Value {
    const { reader } = this
    switch (argument) {
      case 'none':
      case 'lines':
        return null
      case 'u1':
        return reader.byte()
      case 'u2':
        return reader.u2()
      case 'i4':
        return reader.i4()
      case 'u4':
        return reader.u4()
      case 'f8':
        reader.skip(8)
        return null
      case 'frame':
        reader.u8()
        return null
      case 'line':
        return lineOf(name, reader.line())
      default: {
        const length = argument === 'bytes1' ? reader.byte() : argument === 'bytes4' ? reader.u4() : reader.u8()
        if (isText) return reader.counted(length)
        reader.skip(length)
        return null
      }
    }
  }
}

/** A line as the value it stands for: a number, a text; null where that is not sure. */
function lineOf(name: string, line: string | null): Value {
  if (line === null) return null
  if (name === 'STRING') return /^(["'])[^\\]*\1$/.test(line) ? line.slice(1, -1) : null
  if (name === 'UNICODE') return line.replace(/\\u([0-9a-fA-F]{4})/g, (_, code: string) => String.fromCharCode(Number.parseInt(code, 16)))
  if (name === 'PERSID' || name === 'FLOAT') return null
  const number = Number.parseInt(line, 10)
  return Number.isNaN(number) ? null : number
}

type Act = (machine: Machine, argument: Value) => void

const tuple = (items: readonly Value[]): Value => (items.length <= LONGEST_TUPLE ? new Tuple(items) : null)
const nothing: Act = () => {}
const get: Act = (machine, at) => machine.recall(Number(at))
const put: Act = (machine, at) => machine.keep(Number(at))
const extension: Act = (machine) => machine.push(machine.import(null, null, 'EXT'))
const collect: Act = (machine) => {
  machine.popMark()
  machine.push(null)
}
const extend: Act = (machine) => {
  machine.popMark()
}

/** What each opcode does to the stack; one that is not here pushes its argument. */
const ACTS: Readonly<Record<string, Act>> = {
  ADDITEMS: extend,
  APPEND: (machine) => {
    machine.pop()
  },
  APPENDS: extend,
  BINGET: get,
  BINPERSID: (machine) => {
    machine.pop()
    machine.push(null)
    machine.persistent += 1
  },
  BINPUT: put,
  BUILD: (machine) => {
    const state = machine.pop()
    if (machine.top instanceof Call) machine.top.state = state
  },
  DICT: (machine) => {
    const items = machine.popMark()
    machine.push(new Dict())
    setItems(machine, items)
  },
  DUP: (machine) => {
    const value = machine.pop()
    machine.push(value)
    machine.push(value)
  },
  EMPTY_DICT: (machine) => machine.push(new Dict()),
  EMPTY_TUPLE: (machine) => machine.push(tuple([])),
  EXT1: extension,
  EXT2: extension,
  EXT4: extension,
  FRAME: nothing,
  FROZENSET: collect,
  GET: get,
  GLOBAL: (machine) => machine.push(machine.import(...machine.lines(), 'GLOBAL')),
  INST: (machine) => {
    const of = machine.import(...machine.lines(), 'INST')
    machine.call(of, tuple(machine.popMark()))
  },
  LIST: collect,
  LONG_BINGET: get,
  LONG_BINPUT: put,
  MARK: (machine) => machine.mark(),
  MEMOIZE: (machine) => machine.keep(),
  NEWOBJ: (machine) => {
    const args = machine.pop()
    machine.call(machine.pop(), args)
  },
  NEWOBJ_EX: (machine) => {
    machine.pop()
    const args = machine.pop()
    machine.call(machine.pop(), args)
  },
  OBJ: (machine) => {
    const [of = null, ...args] = machine.popMark()
    machine.call(of, tuple(args))
  },
  PERSID: (machine) => {
    machine.push(null)
    machine.persistent += 1
  },
  POP: (machine) => machine.drop(),
  POP_MARK: extend,
  PROTO: (machine, version) => {
    machine.protocol = Math.max(machine.protocol, Number(version))
  },
  PUT: put,
  READONLY_BUFFER: nothing,
  REDUCE: (machine) => {
    const args = machine.pop()
    machine.call(machine.pop(), args)
  },
  SETITEM: (machine) => {
    const value = machine.pop()
    setItems(machine, [machine.pop(), value])
  },
  SETITEMS: (machine) => setItems(machine, machine.popMark()),
  STACK_GLOBAL: (machine) => {
    const name = machine.pop()
    machine.push(machine.import(machine.pop(), name, 'STACK_GLOBAL'))
  },
  STOP: (machine) => {
    machine.pop()
    machine.done = true
  },
  TUPLE: (machine) => machine.push(tuple(machine.popMark())),
  TUPLE1: (machine) => machine.push(tuple([machine.pop()])),
  TUPLE2: (machine) => {
    const second = machine.pop()
    machine.push(tuple([machine.pop(), second]))
  },
  TUPLE3: (machine) => {
    const third = machine.pop()
    const second = machine.pop()
    machine.push(tuple([machine.pop(), second, third]))
  },
}

function setItems(machine: Machine, items: readonly Value[]): void {
  const { top } = machine
  if (!(top instanceof Dict)) return
  for (let i = 0; i + 1 < items.length && top.entries.size < MOST_ENTRIES; i += 2) {
    const key = items[i]
    if (typeof key === 'string') top.entries.set(key, items[i + 1] as Value)
  }
}

interface Entry {
  readonly name: string
  readonly argument: Argument
  readonly isText: boolean
  readonly act: Act | undefined
}

/** Opcodes by their byte. */
const TABLE: readonly (Entry | undefined)[] = Array.from({ length: 256 }, (_, code) => {
  const opcode = OPCODES.get(code)
  return opcode === undefined ? undefined : { ...opcode, isText: TEXTS.has(opcode.name), act: ACTS[opcode.name] }
})
