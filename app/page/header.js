// The page's header: the device, and actions. Everything drawn here is text; what the buttons do is the server's affair.

const STYLE = `
.bar { display: flex; align-items: center; gap: 2px; width: 100%; height: 48px; color: #fff; font: 400 0.875rem/1.3 "Roboto", "Helvetica", Arial, sans-serif; }
.bar button { display: inline-flex; align-items: center; gap: 6px; height: 32px; min-width: 32px; padding: 0 8px; border: 0; border-radius: 4px;
  background: none; color: inherit; font: inherit; white-space: nowrap; cursor: pointer; }
.bar button:hover:not(:disabled) { background: rgba(255, 255, 255, 0.16); }
.bar button:focus-visible, .menu button:focus-visible { outline: 2px solid #ffd166; outline-offset: -2px; }
.bar button:disabled { opacity: 0.45; cursor: default; }
.bar button[aria-pressed=true] { background: rgba(255, 255, 255, 0.28); }
.bar .space { flex: 1; }
.bar .chip { min-width: 0; flex: 0 1 auto; border: 1px solid rgba(255, 255, 255, 0.45); border-radius: 16px; padding: 0 12px; height: 28px; }
.bar .chip .name { overflow: hidden; text-overflow: ellipsis; }
.bar .chip small { opacity: 0.85; font-size: 0.72rem; }
.bar .chip.own { border-color: #E69F00; box-shadow: inset 0 0 0 1px #E69F00; }
svg { width: 18px; height: 18px; flex: none; fill: none; stroke: currentColor; stroke-width: 1.8; stroke-linecap: round; stroke-linejoin: round; }
.more { display: none !important; }
.menu { position: fixed; inset: auto; margin: 0; padding: 4px 0; border: 1px solid color-mix(in srgb, currentColor 22%, transparent); border-radius: 6px; min-width: 180px;
  max-width: calc(100vw - 16px); max-height: calc(100vh - 60px); overflow: auto; box-shadow: 0 4px 16px rgba(0, 0, 0, 0.25);
  background: var(--panel-surface-color, #fff); color: var(--panel-on-surface-color, #222); font: 400 0.9rem/1.3 "Roboto", "Helvetica", Arial, sans-serif; }
.menu button { display: flex; align-items: center; gap: 10px; width: 100%; min-height: 36px; padding: 4px 14px; border: 0; background: none; color: inherit;
  font: inherit; text-align: left; cursor: pointer; }
.menu button:hover:not(:disabled) { background: color-mix(in srgb, currentColor 9%, transparent); }
.menu button:disabled { opacity: 0.5; }
.menu .group { padding: 6px 14px 2px; font-size: 0.75rem; opacity: 0.75; }
dialog { width: min(720px, calc(100vw - 24px)); max-height: calc(100vh - 48px); box-sizing: border-box; padding: 0; border: 1px solid color-mix(in srgb, currentColor 22%, transparent);
  border-radius: 8px; background: var(--panel-surface-color, #fff); color: var(--panel-on-surface-color, #222);
  font: 400 0.95rem/1.5 "Roboto", "Helvetica", Arial, sans-serif; }
.toast { position: fixed; inset: 56px 16px auto auto; margin: 0; padding: 8px 14px; border: 0; border-radius: 4px; background: #4a4a4a; color: #fff; font: 500 0.85rem/1.3 "Roboto", "Helvetica", Arial, sans-serif; }
dialog .link { width: 100%; height: 32px; box-sizing: border-box; font: inherit; color: inherit; background: none; border: 1px solid currentColor; border-radius: 4px; padding: 0 8px; }
dialog::backdrop { background: rgba(0, 0, 0, 0.45); }
dialog header { position: sticky; top: 0; display: flex; align-items: center; padding: 10px 16px; background: inherit; border-bottom: 1px solid color-mix(in srgb, currentColor 22%, transparent); }
dialog h2 { flex: 1; margin: 0; font-size: 1.1rem; font-weight: 500; }
dialog form { display: flex; gap: 8px; margin-bottom: 12px; }
.kept { display: flex; align-items: center; gap: 8px; padding: 4px 0; border-top: 1px solid color-mix(in srgb, currentColor 15%, transparent); }
.kept span { flex: 1; overflow-wrap: anywhere; }
dialog :is(header, form, .kept) button { flex: none; height: 32px; padding: 0 12px; border: 1px solid currentColor; border-radius: 4px; background: none; color: inherit; font: inherit; cursor: pointer; }
dialog .body { padding: 12px 16px 16px; }
dialog dt { font-weight: 600; margin-top: 10px; } dialog dd { margin: 2px 0 0; }
dialog pre { white-space: pre-wrap; padding: 10px; border-radius: 4px; background: color-mix(in srgb, currentColor 7%, transparent); font-size: 0.85rem; }
dialog a { color: inherit; }
@media (max-width: 1099px) { .bar .word { display: none; } }
@media (max-width: 599px) { .bar .chip small { display: none; } .bar .wide { display: none !important; } .more { display: inline-flex !important; } }
`

function element(tag, attributes, ...children) {
  const made = document.createElement(tag)
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== null && value !== false) { made.setAttribute(name, value === true ? "" : value) }
  }
  made.append(...children)
  return made
}

function icon(path) {
  const drawn = document.createElementNS("http://www.w3.org/2000/svg", "svg")
  drawn.setAttribute("viewBox", "0 0 24 24")
  drawn.setAttribute("aria-hidden", "true")
  const line = document.createElementNS("http://www.w3.org/2000/svg", "path")
  line.setAttribute("d", path)
  drawn.append(line)
  return drawn
}

// Presets of the user's own: name, query and device of a link each, kept by the browser.
const KEPT = "synaptogen presets"
const kept = () => {
  try {
    const found = JSON.parse(localStorage.getItem(KEPT))
    return found.filter((each) => each.length === 3 && each.every((text) => typeof text === "string"))
  } catch { return [] }
}
const keep = (presets) => {
  try { localStorage.setItem(KEPT, JSON.stringify(presets)) } catch { return false }
  return true
}

// Dots of 3 pixels: those of a line of no length are pale.
const MORE = "M11.5 4.5h1v1h-1zM11.5 11.5h1v1h-1zM11.5 18.5h1v1h-1z"
const DOWN = "M7 10l5 5 5-5"

export function render({model}) {
  const bar = element("div", {class: "bar", role: "toolbar", "aria-label": "Page"})
  const menu = element("div", {class: "menu", popover: "auto", role: "menu"})
  const dialog = element("dialog", {"aria-labelledby": "title"})
  const root = element("div", {}, element("style", {}, STYLE), bar, menu, dialog)
  let opener = "" // which button opened what is open: the buttons are made anew while it is
  const back = () => [...bar.children].find((button) => button.dataset.key === opener)?.focus()
  const act = (action, item = null) => {
    if (action.key === "share" && item === "link") { copy() } else { model.send_msg({action: action.key, item}) }
  }
  // A browser takes a text from a click only, so the server cannot copy it.
  const toast = element("div", {class: "toast", role: "status", popover: "manual"})
  const say = (words) => {
    toast.textContent = words
    toast.showPopover()
    setTimeout(() => toast.hidePopover(), 2000)
  }
  const copy = () => {
    const old = () => { // without https there is no clipboard object, and the browser may refuse
      const box = element("input", {type: "text", readonly: true, "aria-label": "Link to copy", class: "link"})
      box.value = window.location.href
      titled("Copy this link", box)
      dialog.showModal()
      box.select()
      if (document.execCommand("copy")) {
        dialog.close()
        say("Link copied")
      }
    }
    if (navigator.clipboard) { navigator.clipboard.writeText(window.location.href).then(() => say("Link copied"), old) } else { old() }
  }

  const open = (button, rows, label) => {
    opener = button.dataset.key
    menu.setAttribute("aria-label", label)
    menu.replaceChildren(...rows)
    menu.showPopover()
    const at = button.getBoundingClientRect(), size = menu.getBoundingClientRect()
    menu.style.left = `${Math.max(8, Math.min(at.left, window.innerWidth - size.width - 8))}px`
    menu.style.top = `${at.bottom + 4}px`
    menu.querySelector("button:not(:disabled)")?.focus()
  }
  const entry = ({label, icon: drawing = "", disabled = false}, chosen) => {
    const made = element("button", {type: "button", role: "menuitem", disabled}, label)
    if (drawing) { made.prepend(icon(drawing)) }
    made.addEventListener("click", () => { menu.hidePopover(); chosen() })
    return made
  }
  const row = (action, item = null) => entry(item ?? action, () => act(action, item?.key ?? null))
  const rows = (action) => [...action.items.map((item) => row(action, item)), ...(action.key === "presets" ? own() : [])]
  const own = () => [
    element("div", {class: "group"}, "Your own"),
    ...kept().map(([label, query, device]) => entry({label}, () => model.send_msg({action: "kept", query, device}))),
    entry({label: "Save or remove …"}, edit),
  ]
  const titled = (title, ...content) => {
    const close = element("button", {type: "button"}, "Close")
    close.addEventListener("click", () => dialog.close())
    const body = element("div", {class: "body"}, ...content)
    dialog.replaceChildren(element("header", {}, element("h2", {id: "title"}, title), close), body)
    return {body, close}
  }
  const edit = () => { // the presets of the user's own: save one, remove one
    const name = element("input", {type: "text", class: "link", required: true, maxlength: 60, "aria-label": "Name of the preset", placeholder: "Name"})
    const form = element("form", {method: "dialog"}, name, element("button", {type: "submit"}, "Save these settings"))
    form.addEventListener("submit", () => {
      const label = name.value.trim()
      const device = location.hash.startsWith("#device=") ? location.hash.slice(8) : ""
      const others = kept().filter(([each]) => each !== label)
      if (label) { say(keep([...others, [label, location.search, device]]) ? `Saved as ${label}` : "This browser keeps no presets") }
    })
    const remove = ([label]) => {
      const button = element("button", {type: "button", "aria-label": `Remove ${label}`}, "Remove")
      const line = element("div", {class: "kept"}, element("span", {}, label), button)
      button.addEventListener("click", () => { keep(kept().filter(([each]) => each !== label)); line.remove(); name.focus() })
      return line
    }
    titled("Your presets", element("p", {}, "All settings of this page, and your own device, kept in this browser under a name."), form, ...kept().map(remove))
    dialog.showModal()
    name.focus()
  }

  const button = (action) => {
    const has = action.items.length > 0
    const made = element("button", {
      type: "button", class: "wide", disabled: action.disabled, title: action.label, "aria-label": action.label,
      "data-key": action.key, "aria-haspopup": has ? "menu" : null, "aria-pressed": action.pressed === null ? null : String(action.pressed),
    })
    if (action.icon) { made.append(icon(action.icon)) }
    if (action.words) { made.append(element("span", {class: "word"}, action.label)) }
    made.addEventListener("click", () => has ? open(made, rows(action), action.label) : act(action))
    return made
  }

  const draw = () => {
    const {activeElement: focused} = root.getRootNode()
    const held = bar.contains(focused)
    if (held) { opener = focused.dataset.key }
    const [device, ...actions] = model.actions
    const chip = element(
      "button", {type: "button", class: `chip ${model.own ? "own" : ""}`, "data-key": device.key, "aria-haspopup": "menu",
      "aria-label": `Device: ${device.label} (${model.own ? "your own" : "published"})`, title: "The device of all tabs"},
      element("span", {class: "name"}, device.label), element("small", {}, model.own ? "your own" : "published"), icon(DOWN),
    )
    chip.addEventListener("click", () => open(chip, rows(device), "Device"))
    const more = element("button", {type: "button", class: "more", "data-key": "more", "aria-label": "More actions", "aria-haspopup": "menu"}, icon(MORE))
    more.addEventListener("click", () => open(more, actions.flatMap((action) => action.items.length
      ? [element("div", {class: "group"}, action.label), ...rows(action)] : [row(action)]), "More actions"))
    bar.replaceChildren(chip, element("span", {class: "space"}), ...actions.map(button), more)
    if (held) { back() }
  }

  const show = () => {
    const {title, html} = model.dialog
    if (!title) { return }
    const {body, close} = titled(title)
    body.innerHTML = html // made by the server, of the project's own texts
    if (!dialog.open) { dialog.showModal() }
    close.focus()
  }

  menu.addEventListener("keydown", (event) => {
    const buttons = [...menu.querySelectorAll("button:not(:disabled)")]
    const step = {ArrowDown: 1, ArrowUp: -1}[event.key]
    if (step) {
      event.preventDefault()
      const at = buttons.indexOf(root.getRootNode().activeElement)
      buttons.at((at + step) % buttons.length)?.focus()
    } else if (event.key === "Tab") { menu.hidePopover() }
  })
  menu.addEventListener("toggle", (event) => { if (event.newState === "closed" && !dialog.open) { back() } })
  dialog.addEventListener("click", (event) => { if (event.target === dialog) { dialog.close() } })
  dialog.addEventListener("close", () => { model.send_msg({action: "", item: null}); back() })
  root.append(toast)
  model.on(["actions", "own"], draw)
  model.on("dialog", show)
  const name = () => { if (model.window_title) { document.title = model.window_title } }
  model.on("window_title", name)
  name()
  // Icons of the figures ask for what the header offers, and are told what it knows.
  const tell = () => window.synaptogenTools?.tell({line: "", file: "synaptogen", ...model.caption})
  model.on("caption", tell)
  const pin = () => { const known = model.actions.find(({key}) => key === "compare"); if (known) { act(known) } }
  window.addEventListener("synaptogen-pin", pin)
  window.addEventListener("synaptogen-tools", tell) // they have come after the header
  tell()
  draw()
  return root
}
