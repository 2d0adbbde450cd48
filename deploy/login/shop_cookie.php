<?php
// As shop_cookie.py: header('Set-Cookie: ' . flashsale_cookie($keys, $user, 3600), false);

function flashsale_cookie(array $keys, string $user, int $seconds): string
{
    if (!preg_match('/^[^\x00-\x1f\x7f]{1,128}$/D', $user) || !preg_match('//u', $user)) {
        throw new ValueError('a user\'s name is 1 to 128 bytes of UTF-8, without control characters');
    }
    $encoded = rtrim(strtr(base64_encode($user), '+/', '-_'), '=');
    $text = "__Host-flashsale-user=$encoded." . (time() + $seconds);
    $mac = hash_hmac('sha256', $text, $keys[0]);
    return "$text.$mac; Max-Age=$seconds; Path=/; Secure; HttpOnly; SameSite=Lax";
}
