// The guide reads the same without this script: it leads home from the site's own name, and marks where you are.

// As docs.localhost this is a site of its own, where "../" ends; the default site has the name without a label.
if (location.hostname.endsWith(".localhost")) {
  const home = `//localhost${location.port && `:${location.port}`}/`;
  for (const link of document.querySelectorAll("[data-home]")) link.href = home;
}

const links = new Map([...document.querySelectorAll("nav a")].map((link) => [link.hash.slice(1), link]));
const visible = new Set();
const watch = new IntersectionObserver((entries) => {
  for (const { target, isIntersecting } of entries) visible[isIntersecting ? "add" : "delete"](target.id);
  const here = [...links.keys()].find((id) => visible.has(id));
  for (const [id, link] of links) {
    if (id === here) link.setAttribute("aria-current", "true");
    else link.removeAttribute("aria-current");
  }
}, { rootMargin: "-10% 0px -60% 0px" });
for (const id of links.keys()) watch.observe(document.getElementById(id));
