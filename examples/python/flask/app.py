"""An application of Flask that knows nothing of where it runs."""

import hashlib
import struct
import zlib

from flask import Flask, Response, make_response, render_template_string, request, session, url_for

app = Flask(__name__)
app.secret_key = "replace me by an encrypted environment variable"

FORM = """<!DOCTYPE html>
<title>Flask in Sluice</title>
<h1>Hello, {{ name }}!</h1>
<form method="post" action="{{ url_for('upload') }}" enctype="multipart/form-data">
  <input name="title" value="A title"> <input type="file" name="file"> <button>Upload</button>
</form>
<img src="{{ url_for('picture', red=200) }}" alt="A red square">
"""


@app.get("/")
def index():
    return render_template_string(FORM, name=request.args.get("name", "world"))


@app.post("/upload")
def upload():
    file = request.files["file"]
    content = file.read()
    session["uploads"] = session.get("uploads", 0) + 1
    return {
        "title": request.form["title"],
        "name": file.filename,
        "bytes": len(content),
        "sha256": hashlib.sha256(content).hexdigest(),
        "uploads": session["uploads"],
    }


@app.get("/picture/<int:red>.png")
def picture(red):
    """A square of one colour, made of nothing but the standard library."""
    size = 64
    line = b"\0" + bytes([red % 256, 40, 60]) * size

    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", size, size, 8, 2, 0, 0, 0)
    png = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(line * size)) + chunk(b"IEND", b"")
    return Response(png, mimetype="image/png")


@app.get("/cookies")
def cookies():
    answer = make_response("two cookies")
    answer.set_cookie("one", "1")
    answer.set_cookie("two", "2")
    return answer


@app.get("/where")
def where():
    return {"url": request.url, "picture": url_for("picture", red=1), "names": request.args.getlist("name")}


@app.get("/fails")
def fails():
    raise ValueError("on purpose")
