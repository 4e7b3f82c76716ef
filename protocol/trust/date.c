/* SPDX-License-Identifier: Apache-2.0 */
/* Dates without the C library, whose functions know zones and locales.
 *
 * Days are counted from 1 March of year 0, so that the leap day is the last of its year: then the
 * days before a month follow from (153 * month + 2) / 5, and 400 years are 146097 days. */
#include "date.h"

#define DAY_S 86400
#define DAYS_OF_400_YEARS 146097
#define DAYS_BEFORE_1970 719468      /* from 0000-03-01 to 1970-01-01 */
#define LAST_S INT64_C(253402300799) /* 9999-12-31T23:59:59Z */

struct civil {
    int64_t year;
    int64_t month; /* 1..12 */
    int64_t day;   /* 1..31 */
};

static int64_t days_of(struct civil date)
{
    int64_t year = date.month <= 2 ? date.year - 1 : date.year;
    int64_t month = date.month <= 2 ? date.month + 9 : date.month - 3; /* March is 0 */
    int64_t day_of_year = (153 * month + 2) / 5 + date.day - 1;
    return year * 365 + year / 4 - year / 100 + year / 400 + day_of_year - DAYS_BEFORE_1970;
}

static struct civil civil_of(int64_t days)
{
    days += DAYS_BEFORE_1970;
    int64_t era = days / DAYS_OF_400_YEARS;
    int64_t day = days % DAYS_OF_400_YEARS;
    int64_t year = (day - day / 1460 + day / 36524 - day / (DAYS_OF_400_YEARS - 1)) / 365;
    int64_t day_of_year = day - (365 * year + year / 4 - year / 100);
    int64_t month = (5 * day_of_year + 2) / 153;
    struct civil date = {.year = year + era * 400, .day = day_of_year - (153 * month + 2) / 5 + 1};
    date.month = month < 10 ? month + 3 : month - 9;
    date.year += date.month <= 2;
    return date;
}

static int64_t number_at(const char *text, int digits)
{
    int64_t value = 0;
    for (int i = 0; i < digits; i++) {
        value = value * 10 + (text[i] - '0');
    }
    return value;
}

static bool has_form(const char *text)
{
    static const char form[] = "dddd-dd-ddTdd:dd:ddZ";
    for (int i = 0; i < WEFT_DATE_BYTES - 1; i++) {
        bool is_digit = text[i] >= '0' && text[i] <= '9';
        if (form[i] == 'd' ? !is_digit : text[i] != form[i]) {
            return false;
        }
    }
    return text[WEFT_DATE_BYTES - 1] == '\0';
}

bool weft_date_parse(const char *text, int64_t *seconds)
{
    if (!text || !has_form(text)) {
        return false;
    }
    struct civil date = {number_at(text, 4), number_at(text + 5, 2), number_at(text + 8, 2)};
    int64_t hour = number_at(text + 11, 2);
    int64_t minute = number_at(text + 14, 2);
    int64_t second = number_at(text + 17, 2);
    if (date.year < 1970 || date.month < 1 || date.month > 12 || date.day < 1 || date.day > 31 ||
        hour > 23 || minute > 59 || second > 59) {
        return false;
    }
    int64_t days = days_of(date);
    if (civil_of(days).month != date.month) {
        return false; /* 31 April and the like */
    }
    *seconds = days * DAY_S + hour * 3600 + minute * 60 + second;
    return true;
}

static void put_number(char *text, int digits, int64_t value)
{
    for (int i = digits - 1; i >= 0; i--) {
        text[i] = (char)('0' + value % 10);
        value /= 10;
    }
}

void weft_date_print(int64_t seconds, char text[WEFT_DATE_BYTES])
{
    static const char form[] = "0000-00-00T00:00:00Z";
    for (int i = 0; i < WEFT_DATE_BYTES; i++) {
        text[i] = form[i];
    }
    int64_t inside = seconds < 0 ? 0 : seconds > LAST_S ? LAST_S : seconds;
    struct civil date = civil_of(inside / DAY_S);
    put_number(text, 4, date.year);
    put_number(text + 5, 2, date.month);
    put_number(text + 8, 2, date.day);
    put_number(text + 11, 2, inside % DAY_S / 3600);
    put_number(text + 14, 2, inside % 3600 / 60);
    put_number(text + 17, 2, inside % 60);
}
