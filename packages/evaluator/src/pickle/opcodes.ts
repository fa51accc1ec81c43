/** How an opcode's argument stands in the stream: bytes of a fixed length, a length before the bytes, or lines. */
export type Argument = 'none' | 'u1' | 'u2' | 'i4' | 'u4' | 'f8' | 'frame' | 'line' | 'lines' | 'bytes1' | 'bytes4' | 'bytes8'

export interface Opcode {
  readonly name: string
  readonly argument: Argument
}

const BY_ARGUMENT: Readonly<Record<Argument, string>> = {
  none: `( MARK . STOP 0 POP 1 POP_MARK 2 DUP N NONE Q BINPERSID R REDUCE a APPEND b BUILD d DICT } EMPTY_DICT e APPENDS l LIST ] EMPTY_LIST
    o OBJ s SETITEM t TUPLE ) EMPTY_TUPLE u SETITEMS 81 NEWOBJ 85 TUPLE1 86 TUPLE2 87 TUPLE3 88 NEWTRUE 89 NEWFALSE 8f EMPTY_SET 90 ADDITEMS
    91 FROZENSET 92 NEWOBJ_EX 93 STACK_GLOBAL 94 MEMOIZE 97 NEXT_BUFFER 98 READONLY_BUFFER`,
  u1: 'K BININT1 h BINGET q BINPUT 80 PROTO 82 EXT1',
  u2: 'M BININT2 83 EXT2',
  i4: 'J BININT 84 EXT4',
  u4: 'j LONG_BINGET r LONG_BINPUT',
  f8: 'G BINFLOAT',
  frame: '95 FRAME',
  line: 'F FLOAT I INT L LONG P PERSID S STRING V UNICODE g GET p PUT',
  lines: 'c GLOBAL i INST',
  bytes1: 'U SHORT_BINSTRING 8a LONG1 C SHORT_BINBYTES 8c SHORT_BINUNICODE',
  bytes4: 'T BINSTRING 8b LONG4 B BINBYTES X BINUNICODE',
  bytes8: '8d BINUNICODE8 8e BINBYTES8 96 BYTEARRAY8',
}

/** Every opcode of pickle protocols 0 to 5, by its byte (CPython's pickletools). */
export const OPCODES: ReadonlyMap<number, Opcode> = new Map(
  Object.entries(BY_ARGUMENT).flatMap(([argument, list]) => {
    const words = list.split(/\s+/)
    return Array.from({ length: words.length / 2 }, (_, i): [number, Opcode] => {
      const [code = '', name = ''] = words.slice(2 * i, 2 * i + 2)
      return [code.length === 1 ? code.charCodeAt(0) : Number.parseInt(code, 16), { name, argument: argument as Argument }]
    })
  }),
)
