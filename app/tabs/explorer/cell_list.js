// Cells in a table: each line begins with a button that follows its cell.

const STYLE = `
.cells .scroll { overflow-x: auto; }
.cells { font: 13px/1.35 "Roboto", "Helvetica", Arial, sans-serif;
  color: var(--panel-on-background-color, #222); }
.cells table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
.cells p { margin: 0; opacity: 0.75; padding: 2px 6px 6px; }
.cells th, .cells td { padding: 3px 8px; text-align: right; font-weight: normal; white-space: nowrap; }
.cells th { opacity: 0.8; }
.cells td:last-child, .cells th:last-child { text-align: left; white-space: normal; min-width: 22em; }
.cells tr + tr { border-top: 1px solid rgba(127, 127, 127, 0.25); }
.cells button { padding: 1px 8px; border: 1px solid color-mix(in srgb, currentColor 30%, transparent); color: inherit;
  border-radius: 4px; background: none; font: inherit; cursor: pointer; }
.cells button:hover { border-color: currentColor; }
.cells button:focus-visible { outline: 2px solid var(--panel-primary-color, #1f4e79); outline-offset: 1px; }
`

export function render({model}) {
  const root = document.createElement("div")
  const style = document.createElement("style")
  style.textContent = STYLE
  const table = document.createElement("table")
  root.className = "cells"
  const said = document.createElement("p"), scroll = document.createElement("div")
  scroll.className = "scroll"
  scroll.append(table)
  root.append(style, said, scroll)
  const cell = (tag, text) => {
    const made = document.createElement(tag)
    made.textContent = text
    return made
  }
  const draw = () => {
    const head = document.createElement("tr")
    head.append(cell("th", "Cell"), ...model.head.map((text) => cell("th", text)))
    const body = model.rows.map((texts, place) => {
      const line = document.createElement("tr")
      const button = cell("button", `(${texts[0]}, ${texts[1]})`)
      button.type = "button"
      button.setAttribute("aria-label", `Follow cell ${texts[0]}, ${texts[1]}`)
      button.addEventListener("click", (event) => {
        model.send_msg({row: place, add: event.shiftKey || event.ctrlKey})
      })
      const first = document.createElement("td")
      first.append(button)
      line.append(first, ...texts.slice(2).map((text) => cell("td", text)))
      return line
    })
    said.textContent = model.caption
    table.replaceChildren(head, ...body)
  }
  for (const name of ["rows", "head", "caption"]) { model.on(name, draw) }
  draw()
  return root
}
