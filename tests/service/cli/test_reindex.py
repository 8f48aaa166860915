"""`iiae reindex`: re-embeds a gallery, or says that there is nothing to do."""

from command_line import iiae
from serving import png, publish_sketch, publish_tiny

from service.galleries.collection import Galleries


def test_a_gallery_is_reembedded_and_keeps_its_photos(tmp_path):
    home, photos = tmp_path / "home", tmp_path / "photos"
    publish_sketch(home)
    publish_tiny(home)
    photos.mkdir()
    for number in range(3):
        (photos / f"{number}.png").write_bytes(png(number))
    assert iiae("index", photos, "--gallery", "g", "--model", "drawn", home=home).status == 0
    before = Galleries(home / "galleries").open("g")
    done = iiae("reindex", "g", home=home)
    assert (done.status, done.stdout) == (0, "g is already embedded by this version of drawn\n")
    (photos / "0.png").unlink()
    done = iiae("reindex", "g", "--model", "tiny", home=home)
    after = Galleries(home / "galleries").open("g")
    assert done.stdout == (
        f"g is now embedded by tiny {after.spec.digest[:12]}: 3 photos; 1 picture could not be read\n"
    )
    assert "its file is gone; its thumbnail was embedded" in done.stderr
    assert (after.spec.model, after.page(0, 9)) == ("tiny", before.page(0, 9))


def test_a_model_without_the_gallerys_domain_is_refused(tmp_path):
    publish_sketch(tmp_path)
    (tmp_path / "1.png").write_bytes(png(1))
    assert iiae("index", tmp_path, "--gallery", "g", "--model", "drawn", home=tmp_path).status == 0
    done = iiae("reindex", "g", "--model", "mnist-cdcb", home=tmp_path)
    assert (done.status, "no domain 'photo'" in done.stderr) == (2, True)
