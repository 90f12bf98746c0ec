// The tabs in their groups: one tablist, one Tab stop; arrows, Home and End move in it, as readers expect.

const STYLE = `
.bar { display: flex; align-items: flex-end; gap: 0 18px; height: 46px; overflow-x: auto; scrollbar-width: none; border-bottom: 1px solid color-mix(in srgb, currentColor 22%, transparent);
  font: 400 0.92rem/1.2 "Roboto", "Helvetica", Arial, sans-serif; color: var(--panel-on-background-color, #222); }
.group { display: flex; flex-direction: column; flex: none; }
.group > span { padding: 0 8px; font-size: 0.66rem; letter-spacing: 0.04em; text-transform: uppercase; opacity: 0.7; }
.tabs { display: flex; }
button { height: 32px; padding: 0 9px; border: 0; border-bottom: 3px solid transparent; background: none; color: inherit; font: inherit; white-space: nowrap;
  cursor: pointer; opacity: 0.82; }
button:hover { opacity: 1; background: color-mix(in srgb, currentColor 6%, transparent); }
button[aria-selected=true] { opacity: 1; font-weight: 500; color: var(--panel-primary-color, #1f4e79); border-bottom-color: currentColor; }
button:focus-visible { outline: 2px solid var(--panel-primary-color, #1f4e79); outline-offset: -2px; border-radius: 4px; }
@media print { .bar { display: none; } }
`

export function render({model}) {
  const bar = document.createElement("div")
  bar.className = "bar"
  bar.setAttribute("role", "tablist")
  bar.setAttribute("aria-label", "Tabs")
  const buttons = new Map()
  for (const {title, tabs} of model.groups) {
    const group = document.createElement("div"), row = document.createElement("div")
    group.className = "group"
    group.setAttribute("role", "presentation")
    row.className = "tabs"
    row.setAttribute("role", "presentation")
    if (title) {
      const head = document.createElement("span")
      head.textContent = title
      head.setAttribute("aria-hidden", "true")
      group.append(head)
    }
    for (const [key, short, long] of tabs) {
      const button = document.createElement("button")
      button.type = "button"
      button.textContent = short
      button.setAttribute("role", "tab")
      button.setAttribute("aria-label", long)
      button.addEventListener("click", () => { model.active = key })
      buttons.set(key, button)
      row.append(button)
    }
    group.append(row)
    bar.append(group)
  }
  const draw = () => {
    for (const [key, button] of buttons) {
      button.setAttribute("aria-selected", String(key === model.active))
      button.tabIndex = key === model.active ? 0 : -1
    }
    const shown = buttons.get(model.active)
    if (shown) {
      const {offsetLeft, offsetWidth} = shown
      if (offsetLeft < bar.scrollLeft || offsetLeft + offsetWidth > bar.scrollLeft + bar.clientWidth) {
        bar.scrollLeft = offsetLeft - 40
      }
    }
  }
  bar.addEventListener("keydown", (event) => {
    const keys = [...buttons.keys()], at = keys.indexOf(model.active)
    const to = {ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: -1}[event.key]
    if (to === undefined) { return }
    event.preventDefault()
    model.active = keys.at(to % keys.length)
    buttons.get(model.active).focus()
  })
  model.on("active", draw)
  draw()
  requestAnimationFrame(draw)
  const style = document.createElement("style")
  style.textContent = STYLE
  const root = document.createElement("div")
  root.append(style, bar)
  return root
}
