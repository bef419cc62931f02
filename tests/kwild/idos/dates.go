package idos

import (
	"errors"
	"time"
)

// dateLayout is YYYY-MM-DDThh:mm:ssZ, UTC.
const dateLayout = "2006-01-02T15:04:05Z"

// errDate is in the words of the development node. That a malformed time is an error, and not false or null, is
// stated by the schema.
var errDate = errors.New("parse_date: the time must be of the form yyyy-mm-ddThh:mm:ssZ")

// parseDate is the function parse_date: unix seconds of a time in exactly the form YYYY-MM-DDThh:mm:ssZ.
func parseDate(text *string) (int64, error) {
	if text == nil {
		return 0, errDate
	}
	at, err := time.Parse(dateLayout, *text)
	// The parser also takes fractions of a second and hours of one digit. Neither survives the comparison.
	if err != nil || at.Format(dateLayout) != *text {
		return 0, errDate
	}
	return at.Unix(), nil
}

// isWindow is the function validate_not_usable_times: whether before is earlier than after. Both must be of the
// form that parse_date takes, or it is an error.
func isWindow(before, after *string) (bool, error) {
	from, err := parseDate(before)
	if err != nil {
		return false, err
	}
	until, err := parseDate(after)
	if err != nil {
		return false, err
	}
	return from < until, nil
}
