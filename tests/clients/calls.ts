// Makes every call of the TypeScript client and causes every problem, in Node or in a browser.
// test_typescript.py checks the reports.
import { Client, ProblemError, type Grade, type Model, type SearchResult } from "iiae-client";

export interface World {
  baseUrl: string;
  /** Base64 of the files to upload, by name. */
  files: Record<string, string>;
  outdated: string;
  damaged: string;
}

type Reports = Record<string, unknown>;

const bytes = (base64: string): Uint8Array => Uint8Array.from(atob(base64), (byte) => byte.charCodeAt(0));
const head = async (blob: Blob): Promise<number[]> => [...new Uint8Array(await blob.arrayBuffer())].slice(0, 12);

/** Returns the checked parts of each call's answer. */
export async function answers({ baseUrl, files }: World): Promise<Reports> {
  const client = new Client({ baseUrl });
  const file = (name: string): Uint8Array => bytes(files[name]!);
  const blob = (name: string): Blob => new Blob([file(name) as Uint8Array<ArrayBuffer>]);
  const gallery = "typed";
  const report: Reports = {};
  report["galleries.create"] = await client.galleries.create({ name: gallery, model: "drawn" });
  const named = new File([blob("2.png")], "2.png");
  const image = [file("0.png"), blob("1.png"), named, file("3.png"), file("4.png"), file("5.png")];
  const metadata = { sku: 12, deep: ["☂"] };
  const added = await client.photos.add({ name: gallery, image, label: "noise", metadata, partial: true });
  const { photos } = added;
  report["outcomes of files"] = added.files.map(({ name, status }) => [name, status]).slice(1, 3);
  report["photos.add"] = photos.map(({ label, metadata, sha256 }) => [label, metadata, sha256]);
  const found: SearchResult = await client.sbir.search({ sketch: file("3.png"), gallery, k: 4 });
  report["sbir.search"] = [found.model, found.hits.length];
  const [alone, several] = await Promise.all(
    [file("3.png"), [file("3.png"), blob("4.png")]].map((sketch) =>
      client.sbir.search({ sketch, photo: blob("5.png"), gallery, expand: false }),
    ),
  );
  report["several sketches differ"] = JSON.stringify(alone?.hits) !== JSON.stringify(several?.hits);
  const retrieved = await client.images.retrieve({ image: blob("2.png"), gallery, source: "photo", k: 1 });
  report["images.retrieve"] = [retrieved.hits[0]?.id === photos[2]?.id, (retrieved.hits[0]?.score ?? 0) > 0.98];
  const made = await client.images.translate({ image: file("0.png"), model: "tiny", samples: 2, seed: 7 });
  const data = made.images[0]?.data;
  const seeds = made.images.map(({ seed }) => seed);
  report["images.translate"] = [seeds, data instanceof Uint8Array, [...(data ?? [])].slice(1, 4)];
  const picture = await client.images.translateImage({ image: blob("0.png"), model: "tiny", accept: "image/webp" });
  report["images.translateImage"] = [picture instanceof Blob, picture.type, (await head(picture)).slice(8, 12)];
  const pair = { image: file("0.png"), reference: blob("1.png"), model: "tiny" };
  const analogy = await client.images.analogy(pair);
  report["images.analogy"] = [analogy.source, analogy.target, analogy.images[0]?.data instanceof Uint8Array];
  report["images.analogyImage"] = (await client.images.analogyImage({ ...pair, accept: "image/jpeg" })).type;
  const code = await client.images.embed({ image: file("0.png"), model: "tiny", kind: "exclusive" });
  report["images.embed"] = [code.kind, code.shape, code.values.length];
  const kept = await client.images.embed({ image: file("2.png"), model: "drawn", kind: "search", source: "photo" });
  const near = await client.images.search({ vector: kept.values, digest: kept.digest, gallery, source: "photo" });
  report["images.search"] = [near.hits.length, near.hits[0]?.id === photos[2]?.id];
  report["images.preview"] = (await client.images.preview({ image: file("0.png") })).type;
  report["galleries.list"] = (await client.galleries.list()).galleries.some(({ name }) => name === gallery);
  report["galleries.get"] = (await client.galleries.get({ name: gallery })).photos;
  report["galleries.choose"] = (await client.galleries.choose({ name: gallery })).default_for;
  const exported = await client.galleries.export({ name: gallery, photos: true });
  report["galleries.export"] = [exported.type, (await head(exported)).slice(0, 4)];
  const page = await client.photos.list({ name: gallery, limit: 4 });
  report["photos.list"] = [page.photos.length, page.next === page.photos[3]?.id];
  const whole = await client.photos.get({ name: gallery, photo_id: photos[2]!.id });
  const thumbnail = await client.photos.get({ name: gallery, photo_id: photos[2]!.id, size: "thumbnail" });
  report["photos.get"] = [whole.type, whole.size === file("2.png").length, thumbnail.type];
  const similar = await client.photos.similar({ name: gallery, photo_id: photos[0]!.id, k: 100 });
  report["photos.similar"] = similar.hits.length;
  report["reindex.start"] = (await client.reindex.start({ name: gallery, model: "drawn", anew: true })).total;
  const reindex = await client.reindex.get({ name: gallery });
  report["reindex.get"] = [reindex.model, reindex.total, reindex.failed];
  report["reindex.cancel"] = await client.reindex.cancel({ name: gallery }).then(
    () => "cancelled",
    (problem: unknown) => (problem instanceof ProblemError ? problem.code : String(problem)),
  );
  const some = { gallery, label: ["noise"], metadata: { sku: [12] }, k: 2, offset: 1 };
  const label = ["none", "noise"];
  report["hits of some photos"] = [
    (await client.sbir.search({ ...some, sketch: file("3.png") })).hits.length,
    (await client.sbir.search({ ...some, sketch: file("3.png"), label: ["none"] })).hits.length,
    (await client.photos.list({ name: gallery, label, limit: 3 })).photos.length,
    (await client.photos.list({ name: gallery, label: ["none"] })).photos.length,
  ];
  const edited = { name: gallery, photo_id: photos[4]!.id };
  await client.photos.update({ ...edited, metadata: { sku: 13 } });
  const updated = await client.photos.update({ ...edited, label: null });
  report["photos.update"] = [updated.label, updated.metadata];
  report["photos.labels"] = (await client.photos.labels({ name: gallery })).labels;
  await client.photos.delete({ name: gallery, photo_id: photos[5]!.id });
  report["photos.delete"] = (await client.photos.list({ name: gallery })).photos.length;
  report["photos.purge"] = await client.photos.purge({ name: gallery, id: [photos[0]!.id, photos[5]!.id] });
  await client.galleries.delete({ name: gallery });
  report["galleries.delete"] = (await client.galleries.list()).galleries.some(({ name }) => name === gallery);
  report["models.choose"] = (await client.models.choose({ model_id: "drawn" })).default_for;
  const model: Model = await client.models.get({ model_id: "tiny" });
  report["models.get"] = model.domains;
  report["models.list"] = (await client.models.list()).models.some(({ id }) => id === "tiny");
  report["models.reload"] = (await client.models.reload()).rejected;
  report["service.live"] = (await client.service.live()).status;
  report["service.ready"] = await client.service.ready();
  report["service.metrics"] = (await client.service.metrics()).includes("iiae_requests_total");
  return report;
}

/** Returns the grades of a sketch's hits, and how many hits have the third one's score. */
export async function grades({ baseUrl, files }: World, gallery: string): Promise<Reports> {
  const client = new Client({ baseUrl });
  const query = { sketch: bytes(files["3.png"]!), gallery };
  const { hits } = await client.sbir.search(query);
  const grades: (Grade | null)[] = hits.map(({ grade }) => grade);
  const image = bytes(files["3.png"]!);
  const near = await client.images.retrieve({ image, gallery, source: "photo", min_score: 0.9 });
  const similar = await client.photos.similar({ name: gallery, photo_id: 1, min_score: 0.9 });
  return {
    grades,
    limited: (await client.sbir.search({ ...query, min_score: hits[2]!.score })).hits.length,
    none: (await client.sbir.search({ ...query, min_score: 1 })).hits,
    near: near.hits.map(({ id, grade }) => [id, grade]),
    similar: similar.hits,
  };
}

/** Returns the fields of the error that a call throws. */
async function thrown(call: Promise<unknown>): Promise<Reports> {
  try {
    return { answered: await call };
  } catch (error) {
    if (!(error instanceof ProblemError)) return { other: String(error) };
    const { name, status, code, detail, message } = error;
    return {
      name,
      status,
      code,
      detail,
      message,
      requestId: error.requestId ?? null,
      errors: error.errors.map(({ field }) => field),
      retryAfter: error.retryAfter ?? null,
    };
  }
}

/** Makes one bad request for each code and returns the errors. */
export async function problems({ baseUrl, files, outdated, damaged }: World): Promise<Record<string, Reports>> {
  const client = new Client({ baseUrl });
  const file = (name: string): Uint8Array => bytes(files[name]!);
  const image = file("0.png");
  const text = (content: string): Uint8Array => new TextEncoder().encode(content);
  const calls: Record<string, () => Promise<unknown>> = {
    image_unreadable: () => client.images.embed({ image: text("text"), model: "tiny" }),
    sketch_empty: () => client.sbir.search({ sketch: file("blank.png"), gallery: "strokes" }),
    image_format_unsupported: () =>
      client.images.embed({ image: text("<svg xmlns='http://www.w3.org/2000/svg'/>"), model: "tiny" }),
    image_too_many_pixels: () => client.images.embed({ image: file("huge.png"), model: "tiny" }),
    parameter_invalid: () => client.sbir.search({ sketch: image, k: 1001 }),
    name_invalid: () => client.models.get({ model_id: "Not A Name" }),
    domain_unknown: () => client.images.translate({ image, model: "tiny", source: "sketch" }),
    domains_differ: () =>
      client.images.analogyImage({
        image,
        reference: image,
        accept: "image/png",
        model: "tiny",
        reference_source: "label",
      }),
    capability_missing: () => client.images.translateImage({ image, accept: "image/png", model: "drawn" }),
    model_not_found: () => client.galleries.create({ name: "x", model: "nothing" }),
    gallery_not_found: () => client.galleries.get({ name: "nothing" }),
    photo_not_found: () => client.photos.get({ name: "strokes", photo_id: 9999 }),
    reindex_not_found: () => client.reindex.get({ name: "strokes" }),
    gallery_exists: () => client.galleries.create({ name: "strokes", model: "strokes" }),
    gallery_outdated: () => client.images.retrieve({ image, gallery: outdated }),
    gallery_damaged: () => client.galleries.get({ name: damaged }),
  };
  const report: Record<string, Reports> = {};
  for (const [code, call] of Object.entries(calls)) report[code] = await thrown(call());
  return report;
}

/** Reads, then writes: without a key, with a wrong one, a reader's and an administrator's. */
export async function keys(baseUrl: string, reader: string, admin: string): Promise<Reports[]> {
  const clients = [undefined, "wrong", reader, admin].map((apiKey) => new Client({ baseUrl, apiKey }));
  const reads = clients.map((client) => thrown(client.models.list()));
  const writes = clients.map((client) => thrown(client.models.reload()));
  return Promise.all([...reads, ...writes]);
}

/** Sends several requests at once. */
export async function overload(baseUrl: string, apiKey: string, picture: string): Promise<Reports[]> {
  const client = new Client({ baseUrl, apiKey });
  const translate = () => client.images.translate({ image: bytes(picture), model: "tiny" });
  return Promise.all(Array.from({ length: 4 }, () => thrown(translate().then(() => "made"))));
}

/** Calls an address without a server, and aborts a call. */
export async function silence(baseUrl: string): Promise<Reports[]> {
  const controller = new AbortController();
  controller.abort();
  return [
    await thrown(new Client({ baseUrl: "http://127.0.0.1:1" }).service.live()),
    await thrown(new Client({ baseUrl }).service.live({ signal: controller.signal })),
  ];
}
