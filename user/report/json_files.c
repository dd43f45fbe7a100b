// SPDX-License-Identifier: Apache-2.0
// What the result document says of the files that were copied out of the container.
#include "json_sections.h"

static const char no_files[] = "no files were asked for";

static json_t *copied_object(struct document *document, const struct copied_file *file)
{
	json_t *object = json_object();

	document_put_text(document, object, "path", file->path);
	document_put(document, object, "size_bytes", document_integer(file->size_bytes));
	if (file->link_of)
		document_put_text(document, object, "link_of", file->link_of);
	return object;
}

static json_t *uncopied_object(struct document *document, const struct uncopied_file *file)
{
	json_t *object = json_object();

	document_put_text(document, object, "path", file->path);
	document_put(document, object, "kind", json_string(file->kind));
	document_put(document, object, "reason", json_string(file->reason));
	return object;
}

static void put_file_lists(
	struct document *document, json_t *section, const struct files_result *files)
{
	json_t *copied = json_array(), *uncopied = json_array();

	for (size_t i = 0; i < files->copied_listed; i++)
		document_append(document, copied, copied_object(document, &files->copied[i]));
	for (size_t i = 0; i < files->uncopied_listed; i++)
		document_append(document, uncopied, uncopied_object(document, &files->uncopied[i]));
	document_put(document, section, "copied", copied);
	document_put(document, section, "not_copied", uncopied);
}

void json_put_files(struct document *document, const struct files_result *files)
{
	json_t *section;

	if (!files->output_directory) {
		document_put(document, document->root, "files", json_null());
		document_put(document, document->unavailable, "files",
			json_string(files->reason ? files->reason : no_files));
		return;
	}
	section = document_section(document, "files");
	document_put_text(document, section, "output_directory", files->output_directory);
	document_put(document, section, "count", document_integer(files->copied_count));
	document_put(document, section, "size_bytes", document_integer(files->size_bytes));
	document_put(
		document, section, "not_copied_count", document_integer(files->uncopied_count));
	document_put(document, section, "limit_reached", document_string(files->limit_reached));
	document_put(document, section, "error",
		files->has_failed ? document_error(&files->error) : json_null());
	put_file_lists(document, section, files);
}
