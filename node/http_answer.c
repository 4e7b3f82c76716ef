/* SPDX-License-Identifier: Apache-2.0 */
/* What does a web server's answer mean? Status, ETag, Content-Range and lengths against what was
 * asked for. A server is trusted for nothing: whatever does not fit ends the transfer. */
#include "http_state.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* Bytes of an error page that are read, so that the connection can be used again. */
#define ERROR_PAGE_BYTES 65536

/* A server may ask for no longer pause than this. */
#define RETRY_AFTER_S_MAX 3600

/* If |line| is the header |name|, its value without blanks around it in value[size]. */
static bool value_of(const char *line, size_t length, const char *name, char *value, size_t size)
{
    size_t name_length = strlen(name);
    if (length <= name_length || strncasecmp(line, name, name_length) != 0 ||
        line[name_length] != ':') {
        return false;
    }
    size_t from = name_length + 1;
    while (from < length && (line[from] == ' ' || line[from] == '\t')) {
        from++;
    }
    while (length > from && strchr(" \t\r\n", line[length - 1]) != NULL) {
        length--;
    }
    size_t bytes = length - from;
    if (bytes >= size || memchr(line + from, 0, bytes) != NULL) {
        return false;
    }
    memcpy(value, line + from, bytes);
    value[bytes] = 0;
    return true;
}

/* A decimal number; *end is behind it. False if there is none, or it is too large. */
static bool number(const char *text, const char **end, uint64_t *value)
{
    uint64_t sum = 0;
    const char *at = text;
    while (*at >= '0' && *at <= '9') {
        uint64_t digit = (uint64_t)(*at - '0');
        if (sum > (UINT64_MAX - digit) / 10) {
            return false;
        }
        sum = sum * 10 + digit;
        at++;
    }
    *end = at;
    *value = sum;
    return at != text;
}

/* "bytes 100-199/1000" or "bytes 100-199/" and a star. */
static void read_range(struct weft_http_transfer *transfer, const char *value)
{
    const char *at = value + strlen("bytes ");
    transfer->has_range = strncasecmp(value, "bytes ", strlen("bytes ")) == 0 &&
                          number(at, &at, &transfer->range_first) && *at == '-' &&
                          number(at + 1, &at, &transfer->range_last) && *at == '/';
}

static void read_status(struct weft_http_transfer *transfer, const char *line, size_t length)
{
    const char *blank = memchr(line, ' ', length);
    uint32_t status = 0;
    for (int i = 1; i <= 3 && blank != NULL && blank + i < line + length; i++) {
        uint32_t digit = (uint32_t)(blank[i] - '0');
        status = status * 10 + (digit <= 9 ? digit : 0);
    }
    /* A new head: after a redirect, or after "100 Continue". */
    transfer->result.status = status;
    transfer->result.etag[0] = 0;
    transfer->has_range = false;
    transfer->content_length = UINT64_MAX;
}

size_t weft_http_answer_header(char *bytes, size_t size, size_t count, void *context)
{
    struct weft_http_transfer *transfer = context;
    size_t length = size * count;
    char value[WEFT_HTTP_ETAG_BYTES_MAX];
    const char *end;
    if (length > 5 && memcmp(bytes, "HTTP/", 5) == 0) {
        read_status(transfer, bytes, length);
    } else if (value_of(bytes, length, "ETag", value, sizeof(value))) {
        /* A weak ETag (W/"...") cannot pin bytes. */
        memcpy(transfer->result.etag, value[0] == '"' ? value : "",
               value[0] == '"' ? sizeof(value) : 1);
    } else if (value_of(bytes, length, "Content-Range", value, sizeof(value))) {
        read_range(transfer, value);
    } else if (value_of(bytes, length, "Date", value, sizeof(value))) {
        int64_t date_unix_s = curl_getdate(value, NULL);
        transfer->result.date_unix_s = date_unix_s > 0 ? date_unix_s : 0;
    } else if (value_of(bytes, length, "Content-Length", value, sizeof(value)) &&
               !number(value, &end, &transfer->content_length)) {
        transfer->content_length = UINT64_MAX;
    }
    return length;
}

/* Is it another object than the one asked for? */
static bool is_changed(const struct weft_http_transfer *transfer)
{
    const char *etag = transfer->result.etag;
    return transfer->etag[0] != 0 && etag[0] != 0 && strcmp(etag, transfer->etag) != 0;
}

static enum weft_err judge_range(const struct weft_http_transfer *transfer)
{
    const struct weft_http_request *request = &transfer->request;
    if (is_changed(transfer)) {
        return WEFT_ERR_HTTP_CHANGED;
    }
    if (transfer->result.status == 200) {
        /* All of it instead of a range: as good if all of it was asked for. */
        bool is_whole = request->first == 0 && (transfer->content_length == request->last + 1 ||
                                                transfer->content_length == UINT64_MAX);
        return is_whole ? WEFT_ERR_OK : WEFT_ERR_HTTP_NO_RANGES;
    }
    if (!transfer->has_range || transfer->range_first != request->first ||
        transfer->range_last > request->last) {
        return WEFT_ERR_HTTP_NO_RANGES;
    }
    return transfer->range_last < request->last ? WEFT_ERR_TOO_SHORT : WEFT_ERR_OK;
}

/* What the head of the answer says. */
static enum weft_err judge(const struct weft_http_transfer *transfer)
{
    bool ranged = transfer->request.ranged;
    switch (transfer->result.status) {
    case 200:
        return ranged ? judge_range(transfer) : WEFT_ERR_OK;
    case 206:
        return ranged ? judge_range(transfer) : WEFT_ERR_HTTP_STATUS;
    case 404:
    case 410:
        return WEFT_ERR_NOT_FOUND;
    case 412:
        return WEFT_ERR_HTTP_CHANGED;
    case 416:
        return ranged ? WEFT_ERR_TOO_SHORT : WEFT_ERR_HTTP_STATUS;
    default:
        return WEFT_ERR_HTTP_STATUS;
    }
}

static void judge_once(struct weft_http_transfer *transfer)
{
    if (!transfer->judged) {
        transfer->judged = true;
        transfer->result.err = judge(transfer);
    }
}

static uint64_t length_max(const struct weft_http_transfer *transfer)
{
    const struct weft_http_request *request = &transfer->request;
    return request->ranged ? request->last - request->first + 1 : request->bytes_max;
}

size_t weft_http_answer_body(char *bytes, size_t size, size_t count, void *context)
{
    struct weft_http_transfer *transfer = context;
    const struct weft_http_request *request = &transfer->request;
    size_t length = size * count;
    if (transfer->phase == WEFT_HTTP_DEAD || transfer->http->closing) {
        return 0;
    }
    judge_once(transfer);
    transfer->received += length;
    if (transfer->result.err != WEFT_ERR_OK) {
        bool is_page = transfer->result.status >= 300 && transfer->received <= ERROR_PAGE_BYTES;
        return is_page ? length : 0;
    }
    if (transfer->received > length_max(transfer)) {
        transfer->result.err = WEFT_ERR_TOO_LONG;
        return 0;
    }
    if (!request->data(request->context, (const uint8_t *)bytes, length)) {
        transfer->result.err = WEFT_ERR_CANCELLED;
        return 0;
    }
    return transfer->phase == WEFT_HTTP_DEAD ? 0 : length;
}

/* A page that comes with an error status may be of any length. */
static bool is_about_body(CURLcode code)
{
    return code == CURLE_FILESIZE_EXCEEDED || code == CURLE_PARTIAL_FILE;
}

/* Was the request sent to anybody? */
static bool has_asked(const struct weft_http_transfer *transfer)
{
    long bytes = 0;
    curl_easy_getinfo(transfer->easy, CURLINFO_REQUEST_SIZE, &bytes);
    return bytes > 0;
}

static enum weft_err error_of(const struct weft_http_transfer *transfer, CURLcode code)
{
    bool has_status = transfer->result.status != 0;
    switch ((int)code) {
    case CURLE_OK:
        return WEFT_ERR_OK;
    case CURLE_COULDNT_RESOLVE_PROXY:
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_COULDNT_CONNECT:
        return WEFT_ERR_UNREACHABLE;
    case CURLE_OPERATION_TIMEDOUT:
        return WEFT_ERR_TIMEOUT;
    case CURLE_TOO_MANY_REDIRECTS:
        return WEFT_ERR_HTTP_STATUS;
    case CURLE_UNSUPPORTED_PROTOCOL:
        /* Also what libcurl says of an answer that is not HTTP. */
        if (!has_status && has_asked(transfer)) {
            return WEFT_ERR_FORMAT;
        }
        return has_status ? WEFT_ERR_HTTP_STATUS : WEFT_ERR_ARGUMENT;
    case CURLE_URL_MALFORMAT:
    case CURLE_LOGIN_DENIED:
        /* Where a redirect leads is the server's fault. */
        return has_status ? WEFT_ERR_HTTP_STATUS : WEFT_ERR_ARGUMENT;
    case CURLE_GOT_NOTHING:
    case CURLE_RECV_ERROR:
    case CURLE_SEND_ERROR:
    case CURLE_PARTIAL_FILE:
        return WEFT_ERR_CLOSED;
    case CURLE_FILESIZE_EXCEEDED:
        return WEFT_ERR_TOO_LONG;
    case CURLE_OUT_OF_MEMORY:
        return WEFT_ERR_MEMORY;
    default:
        return WEFT_ERR_FORMAT;
    }
}

static void explain(struct weft_http_transfer *transfer, CURLcode code)
{
    struct weft_http_result *result = &transfer->result;
    char reason[CURL_ERROR_SIZE + 40] = "";
    bool is_curls = code != CURLE_OK && code != CURLE_WRITE_ERROR;
    if (result->err == WEFT_ERR_OK) {
        return;
    }
    if (is_curls) {
        snprintf(reason, sizeof(reason), " (%s)",
                 transfer->detail[0] != 0 ? transfer->detail : curl_easy_strerror(code));
    } else if (result->err == WEFT_ERR_HTTP_STATUS || result->err == WEFT_ERR_NOT_FOUND) {
        snprintf(reason, sizeof(reason), " (status %u)", result->status);
    }
    snprintf(result->text, sizeof(result->text), "%.120s: %s%.110s", transfer->url,
             weft_err_text(result->err), reason);
}

void weft_http_answer_end(struct weft_http_transfer *transfer, CURLcode code)
{
    struct weft_http_result *result = &transfer->result;
    curl_off_t retry_after_s = 0;
    if (code == CURLE_OK) {
        judge_once(transfer);
        if (result->err == WEFT_ERR_OK && transfer->request.ranged &&
            transfer->received < length_max(transfer)) {
            result->err = WEFT_ERR_TOO_SHORT;
        }
    } else if (is_about_body(code) && judge(transfer) != WEFT_ERR_OK) {
        result->err = judge(transfer);
    } else if (!transfer->judged || result->err == WEFT_ERR_OK) {
        result->err = error_of(transfer, code);
    }
    curl_easy_getinfo(transfer->easy, CURLINFO_RETRY_AFTER, &retry_after_s);
    if (retry_after_s > 0) {
        result->retry_after_ms =
            (uint32_t)(retry_after_s < RETRY_AFTER_S_MAX ? retry_after_s : RETRY_AFTER_S_MAX) *
            1000;
    }
    explain(transfer, code);
}
