package dissect

import (
	"strconv"

	"tfocraft/wire/bilingual"
)

var (
	unitBytes   = bilingual.T("bytes", "字节")
	unitWords   = bilingual.T("32-bit words", "32 位字")
	unitEights  = bilingual.T("units of 8 bytes", "8 字节单位")
	unitSeconds = bilingual.T("seconds", "秒")
	unitMillis  = bilingual.T("milliseconds", "毫秒")
	unitHops    = bilingual.T("hops", "跳")
)

func itoa(v uint64) string { return strconv.FormatUint(v, 10) }

func itoaSigned(v int32) string { return strconv.FormatInt(int64(v), 10) }

// reservedMeaning is for bits that nobody has given a meaning to yet.
var reservedMeaning = bilingual.T("Has no meaning and should be 0.", "没有含义，应为 0。")
