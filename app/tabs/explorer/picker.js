// Kind and quantities of a picture, as native lists: they work with a keyboard, on a phone and with a screen reader.

const STYLE = `
.picker { display: flex; flex-wrap: wrap; gap: 4px; align-items: center; width: 100%;
  font: 0.82rem/1.3 "Roboto", "Helvetica", Arial, sans-serif; color: var(--panel-on-background-color, #222); }
.picker select { min-width: 0; max-width: 15em; height: 28px; padding: 0 4px; border-radius: 4px; color: inherit;
  font: inherit; background: var(--panel-background-color, #fff);
  border: 1px solid color-mix(in srgb, currentColor 30%, transparent); }
.picker select:first-of-type { font-weight: 500; }
.picker select:focus-visible { outline: 2px solid var(--panel-primary-color, #1f4e79); outline-offset: 1px; }
.picker option, .picker optgroup { color: var(--panel-on-background-color, #222);
  background: var(--panel-background-color, #fff); }
.picker [hidden] { display: none; }
`
const NONE = "(take away)"

function list(label) {
  const made = document.createElement("select")
  made.setAttribute("aria-label", label)
  return made
}

function fill(select, groups, value) {
  select.replaceChildren(...groups.filter(([, options]) => options.length).map(([title, options]) => {
    const group = title ? document.createElement("optgroup") : document.createDocumentFragment()
    if (title) { group.label = title }
    for (const [key, words] of options) {
      const option = document.createElement("option")
      option.value = key
      option.textContent = words
      group.append(option)
    }
    return group
  }))
  select.value = value
}

export function render({model}) {
  const root = document.createElement("div")
  const style = document.createElement("style")
  style.textContent = STYLE
  const kind = list(`Kind of picture ${model.number}`)
  const x = list(`Quantity of picture ${model.number}`)
  const y = list(`Second quantity of picture ${model.number}`)
  const of = document.createElement("span")
  root.className = "picker"
  root.append(style, kind, x, of, y)

  const allowed = (which) => {
    const cells = model.quantities.filter(([, , cycles]) => !cycles).map(([name, words]) => [name, words])
    const cycles = model.quantities.filter(([name, , c]) => c && !(which === "trace" && name === "cycle"))
      .map(([name, words]) => [name, words])
    return [["In each cycle", which === "map" ? [] : cycles], ["Of each cell", which === "trace" ? [] : cells]]
  }
  const draw = () => {
    const [now, first, second] = model.value.split(" ")
    const kinds = model.kinds.map(([key, words]) => [key, words])
    if (model.can_go) { kinds.push(["", NONE]) }
    fill(kind, [["", kinds]], now)
    fill(x, allowed(now), first)
    fill(y, allowed(now), second)
    const two = model.kinds.some(([key, , count]) => key === now && count === 2)
    y.hidden = !two
    of.textContent = two ? "and" : "of"
    root.insertBefore(of, two ? y : x)
  }
  const said = () => {
    const which = model.kinds.find(([key]) => key === kind.value)
    if (!which) { model.value = ""; return }
    const names = allowed(kind.value).flatMap(([, options]) => options.map(([name]) => name))
    const taken = (select, other) => (names.includes(select.value) ? select.value
      : names.find((name) => name.startsWith(select.value.split(".")[0]) && name !== other)
        ?? names.find((name) => name !== other))
    const first = taken(x, "")
    const parts = [kind.value, first]
    if (which[2] === 2) { parts.push(y.value && y.value !== "" ? taken(y, first) : names.find((n) => n !== first)) }
    model.value = parts.join(" ")
  }
  for (const select of [kind, x, y]) { select.addEventListener("change", said) }
  for (const name of ["value", "quantities", "kinds", "can_go"]) { model.on(name, draw) }
  draw()
  return root
}
