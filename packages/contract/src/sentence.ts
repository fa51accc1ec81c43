/** Words that details begin with. A name that a user chose must not be changed, so only these get a capital. */
const BEGINNINGS =
  /^(a|an|another|at|binary|column|each|every|exactly|inputs?|it|messages|more|no|nothing|one|only|outputs?|port|release|row|rows|some|something|step|that|the|there|these|this|values?|what)(?= )/

/** A detail as a sentence: with a capital where it begins with an ordinary word, and an end. */
export function sentence(text: string): string {
  const begun = BEGINNINGS.test(text) ? text.charAt(0).toUpperCase() + text.slice(1) : text
  // some details draw a mark below the place they speak of
  return begun.includes('\n') || /[.!?…:]$/.test(begun) || begun === '' ? begun : `${begun}.`
}
