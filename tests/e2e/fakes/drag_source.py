"""A window in the corner of the screen from which the files that are named can be dragged (XDND)."""

import pathlib
import sys

import gi

gi.require_version("Gdk", "3.0")
gi.require_version("Gtk", "3.0")
from gi.repository import Gdk, Gtk  # noqa: E402

from lines import say  # noqa: E402

uris = [pathlib.Path(path).absolute().as_uri() for path in sys.argv[1:]]
window = Gtk.Window(title="drag source")
window.set_default_size(80, 60)
box = Gtk.EventBox()
box.add(Gtk.Label(label="drag"))
box.drag_source_set(Gdk.ModifierType.BUTTON1_MASK, [], Gdk.DragAction.COPY)
box.drag_source_add_uri_targets()
box.connect("drag-data-get", lambda _box, _context, data, *_: data.set_uris(uris))
box.connect("drag-begin", lambda *_: say("begin"))
box.connect("drag-end", lambda *_: say("end"))
window.add(box)
window.set_keep_above(True)
window.connect("map-event", lambda *_: say("up"))
window.show_all()
window.move(0, 0)
Gtk.main()
