/** Aliases with the version each points at. */
export function Aliases({ aliases }: { aliases: Record<string, number> }) {
  const entries = Object.entries(aliases)
  if (entries.length === 0) return <span className="fl-soft">none</span>
  return (
    <span className="fl-row">
      {entries.map(([alias, version]) => (
        <span key={alias} className="fl-tag accent" title={`${alias} points at version ${version}`}>
          {alias} → {version}
        </span>
      ))}
    </span>
  )
}

/** Tags, as `key: value`. */
export function Tags({ tags }: { tags: Record<string, string> }) {
  const entries = Object.entries(tags)
  if (entries.length === 0) return <span className="fl-soft">none</span>
  return (
    <span className="fl-row">
      {entries.map(([key, value]) => (
        <span key={key} className="fl-tag" title={value ? `${key}: ${value}` : key}>
          <bdi>{value ? `${key}: ${value}` : key}</bdi>
        </span>
      ))}
    </span>
  )
}
