const GIT_LFS = 'version https://git-lfs'
const SNIFFED = 512

/** Says what a file is when its first bytes show that it is not ONNX; undefined when it may be. */
export function foreignFormat(bytes: Uint8Array): string | undefined {
  if (bytes.length === 0) return 'it is empty'
  const [first = 0, second = 0] = bytes
  if (first === 0x80 && second >= 2 && second <= 5) return 'it is a Python pickle, which is never executed here'
  if (first === 0x50 && second === 0x4b) return 'it is a ZIP archive'
  if (first === 0x1f && second === 0x8b) return 'it is compressed with gzip'
  const head = bytes.subarray(0, SNIFFED)
  const text = Buffer.from(head.buffer, head.byteOffset, head.length).toString('latin1')
  if (text.startsWith('\x89HDF')) return 'it is an HDF5 file'
  if (text.startsWith('binf') || text.startsWith('{L')) return 'it is an XGBoost model'
  if (!head.every(isTextByte)) return undefined
  if (text.startsWith(GIT_LFS)) return 'it is a Git LFS pointer, not the file it stands for (run `git lfs pull`)'
  if (text.startsWith('tree\n')) return 'it is a LightGBM text model'
  if (/^\s*</.test(text)) return 'it is an HTML or XML page'
  if (/^\s*[{[]/.test(text)) return 'it is JSON text'
  return 'it is text'
}

function isTextByte(byte: number): boolean {
  return byte >= 0x20 || (byte >= 0x09 && byte <= 0x0d) || byte === 0x1b
}
