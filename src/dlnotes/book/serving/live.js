// Keeps a page of `dlnotes serve` up to date, and shows over it why a build failed.
(async () => {
  const { ask, digest } = "ABOUT"
  const wait = (seconds) => new Promise((done) => setTimeout(done, 1000 * seconds))
  let version = -1
  let shown = ""

  function show(message) {
    if (message === shown) return
    shown = message
    document.getElementById("dl-live")?.remove()
    if (!message) return
    const box = document.createElement("div")
    box.id = "dl-live"
    box.setAttribute("role", "alertdialog")
    box.setAttribute("aria-label", "The build failed")
    box.style.cssText = `
      position: fixed; inset: 0; z-index: 99999; overflow: auto; padding: 2rem;
      color: #f4f4f2; background: rgb(21 24 28 / 96%); font: 16px/1.5 system-ui, sans-serif`
    const head = document.createElement("p")
    head.style.cssText = "margin: 0 0 1rem; font-weight: bold; color: #f2946a"
    head.textContent = "The build failed; below is the page as it was last built. "
    const hide = document.createElement("button")
    hide.style.cssText = `
      margin-left: 1rem; padding: .2rem .8rem; border: 1px solid #f4f4f2; border-radius: 4px;
      color: #f4f4f2; background: none; font: inherit; font-weight: normal; cursor: pointer`
    hide.textContent = "Hide"
    hide.onclick = () => box.remove()
    head.append(hide)
    const text = document.createElement("pre")
    text.style.cssText = `
      margin: 0; color: inherit; background: none; white-space: pre-wrap; overflow-wrap: anywhere;
      font: 14px/1.6 ui-monospace, Menlo, Consolas, monospace`
    text.textContent = message
    box.append(head, text)
    document.body.append(box)
    hide.focus()
  }

  for (;;) {
    try {
      const asked = new URLSearchParams({ page: location.pathname, version })
      const found = await (await fetch(`${ask}?${asked}`, { cache: "no-store" })).json()
      if (found.digest !== digest) return location.reload()
      version = found.version
      show(found.message)
    } catch {
      await wait(1) // the server has ended, or starts again
    }
  }
})()
